//! Who acts in a shop: customers, agents, assistants, policies, and the nodes that the program runs on.

use std::collections::VecDeque;

use domain::{AgentId, Incarnation, Language, VisitorId, text::Skill};
use event_store::Actor;

use super::{rng::Rng, thread::Thread};

const AGENTS: usize = 7;
const NODES: usize = 2;
/// Groups of agents; each agent is in one or two.
const GROUPS: [&str; 3] = ["complaints", "safety", "batteries"];
/// Visitors who may come with a second session.
const REMEMBERED: usize = 64;

/// Who sends a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// The session's own.
    Customer,
    /// A member of staff.
    Agent(AgentId),
    /// The assistant of this name.
    Assistant(&'static str),
    /// The policy of this name.
    Policy(&'static str),
}

impl Who {
    pub(super) fn actor(self, thread: &Thread) -> Actor {
        match self {
            Self::Customer => Actor::new("customer", &thread.visitor.to_string()),
            Self::Agent(agent) => Actor::new("agent", &agent.to_string()),
            Self::Assistant(name) => Actor::new("assistant", name),
            Self::Policy(name) => Actor::new("policy", name),
        }
    }
}

/// Staff, nodes, and the visitors who were here a moment ago.
#[derive(Debug)]
pub(super) struct People {
    agents: Vec<AgentId>,
    nodes: Vec<Incarnation>,
    visitors: VecDeque<(VisitorId, Language)>,
}

impl People {
    pub(super) fn hired(rng: &mut Rng) -> Self {
        Self {
            agents: (0..AGENTS).map(|_| AgentId(rng.id())).collect(),
            nodes: (0..NODES).map(|_| Incarnation(rng.id())).collect(),
            visitors: VecDeque::with_capacity(REMEMBERED),
        }
    }

    /// An agent who has time, another one than this.
    pub(super) fn agent(&self, rng: &mut Rng, other_than: Option<AgentId>) -> AgentId {
        loop {
            let agent = rng.pick(&self.agents);
            if Some(agent) != other_than {
                return agent;
            }
        }
    }

    /// Takes sessions from others, and gives them away.
    pub(super) fn supervisor(&self) -> AgentId {
        self.agents[0]
    }

    pub(super) fn group(&self, rng: &mut Rng) -> Skill {
        skill(rng.pick(&GROUPS))
    }

    /// The groups that an agent is in.
    pub(super) fn groups(&self, agent: AgentId) -> Vec<Skill> {
        let number = self.agents.iter().position(|one| *one == agent).unwrap_or_default();
        let is_in = |place: usize| place == number % GROUPS.len() || place == number / 2 % GROUPS.len();
        GROUPS.iter().enumerate().filter(|(place, _)| is_in(*place)).map(|(_, name)| skill(name)).collect()
    }

    /// Another agent of a group.
    pub(super) fn of_group(&self, rng: &mut Rng, group: &Skill, other_than: AgentId) -> Option<AgentId> {
        let is_asked = |agent: &AgentId| *agent != other_than && self.groups(*agent).contains(group);
        let asked: Vec<AgentId> = self.agents.iter().copied().filter(is_asked).collect();
        (!asked.is_empty()).then(|| rng.pick(&asked))
    }

    /// A node that takes requests.
    pub(super) fn node(&self, rng: &mut Rng) -> Incarnation {
        rng.pick(&self.nodes)
    }

    /// A node died, and was started again.
    pub(super) fn restart(&mut self, rng: &mut Rng, dead: Incarnation) {
        for node in &mut self.nodes {
            if *node == dead {
                *node = Incarnation(rng.id());
            }
        }
    }

    /// A visitor of a moment ago.
    pub(super) fn known(&self, rng: &mut Rng) -> Option<(VisitorId, Language)> {
        self.visitors.get(rng.below(self.visitors.len())).copied()
    }

    pub(super) fn remember(&mut self, visitor: VisitorId, language: Language) {
        if self.visitors.len() == REMEMBERED {
            self.visitors.pop_front();
        }
        self.visitors.push_back((visitor, language));
    }
}

fn skill(name: &str) -> Skill {
    Skill::parse(name).expect("it is a name")
}
