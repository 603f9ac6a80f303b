import Holdfast

/// What a display shows of a run that goes on: kept event by event, so that a large run costs what changes.
struct ProgressModel: Sendable {
    /// A task; a mapped one stands for all its instances.
    struct Row: Sendable {
        let id: TaskID
        let isMapped: Bool
        var counts: [TaskState: Int] = [:]
        var startedAt: Timestamp?
        var endedAt: Timestamp?
        /// Of the instance that changed last.
        var tryNumber = 0
        var maxTries = 1
        var error: String?
    }

    private(set) var dag: DAGID?
    private(set) var state = RunState.queued
    private(set) var startedAt: Timestamp?
    private(set) var endedAt: Timestamp?
    private(set) var rows: [Row] = []
    private var index: [TaskID: Int] = [:]
    private var states: [InstanceID: TaskState] = [:]

    mutating func apply(_ fold: RunFold, _ events: [Event]) {
        let touched = events.map(\.payload.touched)
        if rows.count != fold.nodes.count || touched.contains(.everything) {
            rebuild(fold)
        } else {
            for case .task(let task) in touched { rebuild(task, fold) }
            for case .instance(let instance) in touched { update(instance, fold) }
        }
        state = fold.state
        startedAt = startedAt ?? fold.updatedAt
        endedAt = fold.state.isTerminal || fold.state == .interrupted ? fold.updatedAt : nil
    }

    private mutating func rebuild(_ fold: RunFold) {
        dag = fold.created?.dag
        rows = fold.nodes.map { Row(id: $0.id, isMapped: $0.isMapped) }
        index = Dictionary(
            rows.enumerated().map { ($0.element.id, $0.offset) }, uniquingKeysWith: { first, _ in first })
        states = [:]
        for node in fold.nodes { for slot in node.slots { note(fold.instances[slot]) } }
    }

    private mutating func rebuild(_ task: TaskID, _ fold: RunFold) {
        guard let position = index[task], let node = fold.node(task) else { return }
        states[InstanceID(task)] = nil
        rows[position] = Row(id: task, isMapped: node.isMapped)
        for slot in node.slots { note(fold.instances[slot]) }
    }

    private mutating func update(_ id: InstanceID, _ fold: RunFold) {
        if let instance = fold.instance(id) { note(instance) }
    }

    private mutating func note(_ instance: TaskInstance) {
        guard let position = index[instance.id.task] else { return }
        if let old = states.updateValue(instance.state, forKey: instance.id) { rows[position].counts[old]? -= 1 }
        rows[position].counts[instance.state, default: 0] += 1
        rows[position].tryNumber = instance.tryNumber
        rows[position].maxTries = instance.maxTries
        noteTimes(of: instance, at: position)
        if let error = instance.error { rows[position].error = error }
    }

    /// Of the last try, or from the first start to the last end of all instances.
    private mutating func noteTimes(of instance: TaskInstance, at position: Int) {
        guard rows[position].isMapped else {
            rows[position].startedAt = instance.startedAt
            rows[position].endedAt = instance.endedAt
            return
        }
        if let started = instance.startedAt {
            rows[position].startedAt = min(rows[position].startedAt ?? started, started)
        }
        if let ended = instance.endedAt { rows[position].endedAt = max(rows[position].endedAt ?? ended, ended) }
    }
}

extension ProgressModel.Row {
    var total: Int { counts.values.reduce(0, +) }
    var ended: Int { counts.reduce(0) { $0 + ($1.key.isTerminal ? $1.value : 0) } }

    /// The one that says most about all instances.
    var state: TaskState {
        let order: [TaskState] = [.running, .upForRetry, .waiting, .queued]
        if let working = order.first(where: { counts[$0, default: 0] > 0 }) { return working }
        if counts[.pending, default: 0] > 0 { return ended > 0 ? .running : .pending }
        let ends: [TaskState] = [.failed, .upstreamFailed, .cancelled, .success, .skipped]
        return ends.first { counts[$0, default: 0] > 0 } ?? (isMapped ? .success : .pending)
    }
}

/// Which part of a run an event changes.
private enum Touched: Equatable {
    case nothing, everything
    case task(TaskID)
    case instance(InstanceID)
}

extension EventPayload {
    fileprivate var touched: Touched {
        switch self {
        case .taskStarted(let started): .instance(started.instance)
        case .taskFinished(let finished): .instance(finished.instance)
        case .taskDecided(let decided), .taskMarked(let decided): .instance(decided.instance)
        case .taskExpanded(let task, _): .task(task)
        case .stepCompleted(let step): .instance(InstanceID(step.task))
        case .created, .restored, .resumed, .finished, .interrupted: .everything
        default: .nothing
        }
    }
}
