// 简体中文。形状与英文一致，缺一个词就不能编译。
import type { Messages } from './index';

const zh: Messages = {
  nav: {
    main: '页面', inbox: '收件箱', queue: '队列', replay: '时间回放', audit: '审计记录', settings: '设置', signOut: '退出登录', language: '语言', theme: '主题',
    account: '账号：{name}，{status}', skip: '跳到内容',
  },
  theme: { system: '跟随系统', light: '浅色', dark: '深色' },
  role: { agent: '客服', supervisor: '主管', admin: '管理员', auditor: '审计员', analyst: '分析员' },
  presence: { online: '在线', busy: '忙碌', break: '休息', training: '培训', offline: '离线' },
  action: {
    retry: '重试', close: '关闭', cancel: '取消', save: '保存', open: '打开', back: '返回', edit: '编辑', remove: '删除', add: '添加', copy: '复制', copied: '已复制', more: '显示更多',
    download: '下载', refresh: '刷新',
  },
  state: {
    loading: '正在加载', failed: '无法显示', noPermission: '您的角色无权查看', noPermissionText: '如有需要，请联系管理员。', saved: '已保存',
  },
  connection: {
    connecting: '正在连接', live: '已连接：变化实时显示', lost: '连接已断开，正在重试', denied: '您的角色无权接收实时变化', caughtUp: '已补上 {count} 个事件',
  },
  signIn: {
    title: '登录工作台', username: '用户名', password: '密码', code: '一次性验证码', codeHint: '来自验证器应用，或使用恢复码。', submit: '登录', expired: '请重新登录',
    expiredText: '登录已过期。您写的内容仍在这里，正在发送的内容会等待。', other: '以其他人身份登录',
  },
  password: {
    title: '设置密码', first: '当前密码由他人设置，请先换成自己的密码。', old: '当前密码', new: '新密码', hint: '至少 10 个字符，四个词就很好。', submit: '修改密码', done: '密码已修改',
  },
  keys: {
    title: '快捷键', general: '全局', list: '列表', session: '会话', composer: '输入', palette: '搜索与命令', sheet: '显示所有快捷键', next: '下一个会话', previous: '上一个会话',
    mine: '显示我的', queue: '显示队列', all: '显示全部', side: '显示或隐藏侧栏', reply: '写回复', note: '写备注', play: '播放或暂停', stepBack: '后退一个事件', stepOn: '前进一个事件',
    escalation: '跳到下一次转人工',
  },
  palette: { title: '命令', hint: '输入命令、页面或会话', nothing: '没有匹配项', searching: '正在查找所有会话', session: '当前会话', page: '页面', open: '会话', preference: '外观' },
  list: {
    title: '会话', views: '显示哪些会话', mine: '我的', queue: '队列', all: '全部', me: '我', assistant: '助手', nobody: '无人', typing: '{name} 正在输入…', draft: '草稿：',
    unread: '{count} 条未读消息', notes: '{count} 条备注', moved: '{count} 行等待移动', resize: '列表宽度', waitingSince: '开始等待',
  },
  empty: {
    mine: '您还没有会话', mineText: '从队列接入一个会话，或等待分配。', queue: '没有人在等待', queueText: '请求人工的客户会出现在这里。', all: '还没有会话', allText: '客户发消息后会出现。',
    filtered: '没有匹配的会话', filteredText: '没有会话符合筛选条件。',
  },
  filter: {
    title: '筛选与排序', keyword: '消息或名称中的词', sort: '排序', status: '状态', anyStatus: '任意状态', customer: '客户', anyCustomer: '任意客户', priority: '优先级',
    anyPriority: '任意优先级', rule: '规则', anyRule: '任意规则', tag: '标签', from: '从', to: '到', reset: '重置',
  },
  sort: { newest: '最新优先', oldest: '最早优先', vip: '优先级优先', waitTime: '等待最久优先' },
  customer: { vip: 'VIP', old: '老客户', new: '新客户' },
  views: { title: '已存视图', none: '把当前列表和筛选条件存为视图。', name: '名称', save: '保存视图', remove: '删除视图 {name}' },
  status: { bot_active: '助手接待', pending_manual: '等待人工', manual_live: '人工接待', after_hours_email: '非工作时间', closed: '已关闭' },
  class: { danger: '危险', vip: 'VIP', urgent: '紧急', normal: '普通' },
  severity: { high: '高严重度', low: '低严重度' },
  reason: { keyword: '客户的用词', fail_loop: '助手未能解决', sentiment: '客户情绪不满', vip: 'VIP 客户', manual: '手动请求' },
  rule: {
    R0: '危险', R1: '请求人工', R2: '投诉或法律', R3: '助手连续失败', R4: '没有解决', R5: '多次回答未结束', R6: '助手不确定', R7: '助手转交', R8: '助手不可用', R9: '内容被拒', R10: 'VIP',
    R11: '情绪不满', R12: '名单客户', R13: '重复提问', opening_time: '上班时间到',
  },
  language: { zh: '中文', en: '英语', de: '德语', fr: '法语', es: '西班牙语', it: '意大利语' },
  thread: {
    title: '会话', none: '没有打开的会话', noneText: '从列表中选择，或按 J。', actions: '可执行的操作', yours: '由您接待', owner: '由 {name} 接待', assistantHas: '助手正在接待',
    viewing: '正在查看：{names}', messages: '消息', erased: '已抹除', suggestions: '提供给客户的选项', withheld: '已扣留：客户没有收到', hidden: '客户已看不到', confidence: '助手的把握',
    answering: '助手正在回答', toEnd: '到最新', fresh: '{count} 条新消息', loadingOlder: '正在加载更早的消息',
  },
  kind: { user: '客户', assistant: '助手', agent: '客服', system: '告知客户' },
  do: {
    takeover: '接入', steal: '抢接', transfer: '转接', release: '交还助手', return: '放回队列', 'cancel-escalation': '取消转人工', close: '关闭', reopen: '重新打开',
  },
  conflict: { watch: '旁观', ask: '请求转给我', asked: '已用备注向对方请求。', note: '{\'@\'}{name} 可以把这个会话转给我吗？' },
  offer: {
    made: '有一个会话分配给您。', transfer: '同事请您接手一个会话。', accept: '接受', decline: '拒绝', from: '{name} 请您接手。', waiting: '等待 {name} 接受。', withdraw: '撤回',
  },
  transfer: {
    title: '转接', text: '转给谁？对方能看到全部对话。', to: '转给', nobody: '没有其他人在线。', group: '任何有“{name}”技能的人', reason: '原因（仅内部可见）', atOnce: '直接转接，不等对方接受', ask: '请求转接',
  },
  activity: {
    escalated: '需要人工：{rule}', escalation_cancelled: '不再需要人工', agent_took_over: '{name} 已接入', after_hours_notice_given: '非工作时间：已告知客户',
    transfer_requested: '{from} 请 {to} 接手', transfer_declined: '转接被拒绝', transfer_expired: '转接无人回应', transfer_withdrawn: '转接已撤回', transferred: '{from} 转接给 {to}',
    released: '{name} 已交还助手', returned_agent_lost: '{name} 的连接已断开：放回队列', returned_handed_back: '{name} 放回队列', returned_transferred: '{name} 转给另一组',
    closed_resolved: '已关闭：已解决', closed_customer_left: '客户结束了会话', closed_idle: '已关闭：长时间无消息', reopened: '已重新打开', context_started: '助手重新开始',
    assistant_failed: '助手失败', assistant_reply_withheld: '助手的一条回答被扣留', mail_requested: '已请求给团队发邮件', mail_sent: '给团队的邮件已发送', mail_failed: '给团队的邮件发送失败',
    priority_changed: '优先级：{name}', tags_added: '添加标签：{tags}', tags_removed: '移除标签：{tags}', rating_given: '客户评分 {score}/5',
  },
  note: {
    mentioned: '{name} 在备注中提到了您。',
    by: '{name} 的备注', edited: '已编辑', edit: '编辑备注', remove: '删除备注', removed: '已删除', conflict: '备注在此期间被修改。', theirs: '现在的内容', mine: '您写的内容', takeTheirs: '保留对方的', keepMine: '保存我的',
  },
  pending: { sending: '正在发送…', failed: '未发送：', back: '收回' },
  composer: {
    mode: '写什么', reply: '回复', note: '备注', replyLabel: '回复 {name}', noteLabel: '备注，仅内部可见', replyPlaceholder: '回复 {name}。输入 / 使用快捷回复',
    notePlaceholder: '仅内部可见。{\'@\'} 提及同事', send: '发送', sendHint: 'Enter 发送，Shift+Enter 换行', left: '还可输入 {count} 个字符', suggestions: '建议',
    missing: '此处没有，请补充：{names}', readOnly: '您可以查看此会话，但不能发言。', locked_bot_active: '助手正在接待。接入后才能回复。', locked_pending_manual: '客户正在等待人工。',
    locked_manual_live: '{name} 正在接待。', locked_after_hours_email: '非工作时间。接入后才能回复。', locked_closed: '会话已关闭。',
  },
  side: {
    title: '会话信息', resize: '侧栏宽度', customer: '客户', escalation: '为什么需要人工', priority: '优先级', tags: '标签', notes: '备注', rating: '评分', sources: '回答的来源', episodes: '历史会话',
    session: '会话', customerId: '客户编号', language: '语言', firstSeen: '首次来访', sessions: '会话数', noEmail: '没有邮箱', removeTag: '移除标签 {tag}', addTag: '添加标签', noNotes: '还没有备注。',
    score: '{score} 星（满分 5 星）', notRated: '尚未评分，可评至 {until}。', noSources: '助手没有给出来源。', noEpisodes: '这是第一次。', messages: '{count} 条消息',
  },
  problem: {
    UNREACHABLE: '无法连接服务器。', SERVER: '服务器未能完成，请稍后重试。', OTHER: '请求被拒绝（{code}）。', ALREADY_TAKEN: '{name} 抢先一步，已接入此会话。', NOT_THE_OWNER: '{name} 正在接待此会话。',
    INVALID_STATUS: '会话状态已变化，此操作不再可行。', NOT_IN_MANUAL_MODE: '此会话已不在人工接待中。', MANUAL_IN_PROGRESS: '此会话正由人工接待。', TRANSFER_PENDING: '另一个转接正在等待回应。',
    NO_TRANSFER: '该转接已结束。', NOT_ASKED: '被请求的是其他人。', PERMISSION_DENIED: '您的角色无权执行。', CHANGED_MEANWHILE: '内容在此期间被修改。', STALE_VERSION: '他人在此期间发布了新版本。',
    FOREIGN_ORIGIN: '服务器不认识您访问它的地址：代理必须转告主机名和端口。服务器日志写明了它收到的内容。',
    VIEWS_UNAVAILABLE: '列表尚未就绪。', STORE_UNAVAILABLE: '无法访问日志。', RATE_LIMITED: '请求过多，请稍候。', INVALID_CREDENTIALS: '用户名与密码不匹配。', UNAUTHORIZED: '请重新登录。',
    SECOND_FACTOR_REQUIRED: '需要一次性验证码。', SECOND_FACTOR_WRONG: '验证码错误或已使用。', NOT_FOUND: '不存在。',
    AGENT_EXISTS: '该用户名已被占用；已停用的账号保留其用户名。', PASSWORD_INCORRECT: '密码不正确。', OLD_PASSWORD_INCORRECT: '密码不正确。', PASSWORD_SAME: '请选择与之前不同的密码。',
  },
  queue: {
    title: '队列看板', waiting: '等待中', live: '人工接待中', agents: '客服', longest: '最长等待', average: '平均等待', nobody: '无人', noLive: '没有人工接待中的会话。', noAgents: '没有客服在线。', listen: '旁听',
    steal: '抢接', reassign: '改派', offered: '已分配给 {name}', transferTo: '已请求 {name}', load: '{current}/{max} 个会话', since: '自 {time}', group: '技能组', readOnly: '主管可以旁听、抢接和改派。',
  },
  replay: {
    title: '时间回放', choose: '选择一个会话', chooseText: '打开会话后点击时钟，或输入会话名称或编号。', name: '会话名称或编号', position: '事件 {index} / {total}', slider: '事件', play: '播放', pause: '暂停',
    back: '后退一个事件', on: '前进一个事件', start: '到开头', end: '到结尾', speed: '速度', escalation: '到下一次转人工', customer: '客户当时看到的', agent: '客服当时看到的', event: '事件', state: '状态', owner: '接待者',
    decision: '决策', noDecision: '此时还不需要人工。', policyVersion: '策略版本 {version}', nothing: '还没有内容。', actor: '操作者', recorded: '记录时间', partly: '只看到一部分', proof: '证明',
    proofText: '向外部人员证明所记录内容的文件。', proofGet: '获取证明文件', proofNotYet: '尚无签名检查点覆盖。', proofSays: '{events} 个事件，依据覆盖 {size} 个事件的签名检查点证明。', evidence: '依据',
    loading: '正在读取事件', noEvents: '此会话没有您可查看的事件。',
  },
  settings: { team: '团队', hours: '工作时间与节假日', policy: '策略', quickReplies: '快捷回复', faq: '常见问题', assistants: '助手', apiKeys: 'API 密钥', profile: '我的账号', nav: '设置' },
  team: {
    text: '账号、角色与技能。', add: '添加人员', username: '用户名', name: '姓名', email: '邮箱', role: '角色', skills: '技能', skillsHint: '用逗号分隔', languages: '语言', max: '同时会话数', password: '初始密码',
    passwordHint: '至少 10 个字符；首次登录时必须修改。', status: '在线状态', closed: '已停用', edit: '编辑 {name}', deactivate: '停用账号', reactivate: '重新启用', resetPassword: '重设密码', resetFactor: '移除第二因素',
    newPassword: '新密码，仅显示一次：{password}', confirmClose: '停用 {name} 的账号？其会话将放回队列。', lastSeen: '最近活动', factor: '第二因素',
  },
  versions: {
    title: '版本', version: '版本 {version}', inForce: '生效中', edit: '编辑', document: '文档', publish: '发布', reason: '原因，供日后查阅', rollBack: '回退到此版本', builtIn: '内置', published: '版本 {version} 已生效',
    stale: '在此期间发布了版本 {version}。您的内容已保留，请先查看对方的版本。', theirs: '载入对方的版本', line: '第 {line} 行', rolledBackTo: '同版本 {version}', compare: '改动的行', readOnly: '由管理员发布。', reload: '放弃我的修改',
  },
  policy: {
    text: '何时需要人工。', test: '用一段文字试试', testText: '客户可能写的话', run: '试一试', fires: '{rule} 会转人工（{severity}，{class}）', quiet: '不会转人工。', urgent: '会提高在队列中的位置。',
    draft: '按下方文档试运行，无论是否已发布。', signals: '信号', offers: '会提供人工选项。',
  },
  hours: { text: '各组何时有人接待。', now: '现在', open: '工作时间', closed: '非工作时间', next: '{time} 开始' },
  quick: {
    category_greeting: '问候', category_product: '产品', category_after_sales: '售后', category_closing: '结束',
    text: '输入斜杠即可使用的简短回答。', add: '添加快捷回复', title: '标题', content: '内容', category: '分类', language: '语言', scope: '范围', shared: '所有人', personal: '仅自己', used: '使用次数', all: '全部分类', search: '搜索',
    none: '还没有快捷回复', noneText: '每天都说的话，写一次就够了。', variables: '变量', edit: '编辑 {title}', remove: '删除 {title}', conflict: '他人在此期间改成了：', confirmRemove: '删除“{title}”？',
  },
  faq: {
    text: '店铺自动回答的内容。', test: '试一个问题', question: '问题', run: '提问', sure: '有把握，回答：', choices: '提供选项：', nothing: '没有合适的内容。', faults: '文件中的错误', noFaults: '没有错误。', entries: '条目', search: '搜索',
    file: '文件', score: '得分', languages: '语言',
  },
  assistants: {
    text: '谁在回答，表现如何。', takes: '接受提问', paused: '暂不使用', answers: '回答', failures: '失败', latency: '回答用时', today: '今天', cost: '费用', tokens: '词元', budget: '预算', breaker_closed: '正常', breaker_open: '已断开',
    breaker_half_open: '试用中', lastError: '最近失败', places: '处理中', chart: '最近 14 天的提问', none: '没有设置助手', answered: '已回答', failed: '失败', noChart: '还没有人提问。',
  },
  apiKeys: {
    text: '供程序读取数据。', add: '签发密钥', name: '名称', permissions: '权限', expires: '到期', never: '永不', revoke: '吊销', revoked: '已吊销', none: '没有密钥', noneText: '报表或导出使用各自的密钥读取。', shown: '密钥仅显示一次：',
    by: '签发', confirmRevoke: '吊销“{name}”？一秒内失效。',
  },
  profile: {
    text: '您的账号。', name: '客户看到的姓名', email: '邮箱', sound: '有会话分配时播放声音', factor: '第二因素', factorOn: '已开启：每次登录都需要一次性验证码。', factorOff: '未开启。除密码外再加一次性验证码，可防止他人登录。', begin: '设置',
    password: '密码', secret: '在验证器应用中输入此密钥：', code: '应用显示的验证码', enable: '开启', disable: '关闭', recovery: '恢复码，仅显示一次，请抄写保存。', newCodes: '生成新恢复码', signIns: '登录设备', thisOne: '当前', end: '结束',
    since: '自 {time}', renewed: '最近使用 {time}', changePassword: '修改密码', appearance: '外观', uri: '或在设备上打开此地址：',
  },
  audit: {
    text: '谁做了什么，看了什么。', actor: '谁', action: '做了什么', target: '对象', from: '从', to: '到', time: '时间', details: '详情', none: '没有匹配项', noneText: '该时间段内没有记录。', show: '显示', position: '位置',
  },
};

export default zh;
