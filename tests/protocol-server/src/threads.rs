//! The threads that a server works on, apart from those of whoever started it: a test that blocks does not stop its server.

use std::{future::Future, io, sync::mpsc};

use tokio::{
    runtime::{EnterGuard, Runtime},
    task::JoinHandle,
};

/// A runtime that may be dropped inside of another.
pub(crate) struct Threads(Option<Runtime>);

impl Threads {
    pub(crate) fn start() -> io::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).thread_name("protocol-server").enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    fn runtime(&self) -> &Runtime {
        self.0.as_ref().expect("it is there until it is dropped")
    }

    /// As long as it is held, sockets made here belong to this runtime.
    pub(crate) fn enter(&self) -> EnterGuard<'_> {
        self.runtime().enter()
    }

    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.runtime().spawn(work)
    }

    /// Runs something to its end, also where the caller is inside of another runtime. None: it panicked.
    pub(crate) fn wait<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (done, ended) = mpsc::channel();
        self.spawn(async move {
            let _ = done.send(work.await);
        });
        ended.recv().ok()
    }

    /// Ends a task and returns when it has ended.
    pub(crate) fn end(&self, task: JoinHandle<()>) {
        task.abort();
        let (done, ended) = mpsc::channel();
        self.spawn(async move {
            // How it ended says nothing.
            let _ = task.await;
            let _ = done.send(());
        });
        let _ = ended.recv();
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Without waiting: inside of another runtime that would be a panic.
            runtime.shutdown_background();
        }
    }
}
