import Holdfast

/// A line for each thing that happens to a task.
struct PlainProgress: ProgressDisplay {
    private let output: Output

    init(_ output: Output) { self.output = output }

    func update(_ fold: RunFold, _ events: [Event]) {
        for event in events {
            guard let (subject, what) = event.payload.progress(in: fold) else { continue }
            output.note("\(event.time) \(subject): \(what.printable)")
        }
    }

    func finish() async {}
}

extension EventPayload {
    /// Whom it is about, and what happened; nil for what nobody waits for.
    fileprivate func progress(in fold: RunFold) -> (String, String)? {
        switch self {
        case .taskStarted(let started):
            let tries = started.tryNumber > 1 ? " (try \(started.tryNumber))" : ""
            return (started.instance.description, "started\(tries)")
        case .taskFinished(let finished): return (finished.instance.description, finished.progress(in: fold))
        case .taskDecided(let decided), .taskMarked(let decided):
            return (
                decided.instance.description,
                decided.reason.map { "\(decided.state.rawValue): \($0)" } ?? decided.state.rawValue
            )
        case .taskExpanded(let task, let items): return (task.rawValue, "\(items.count) instances")
        case .finished(let state, let reason):
            return ("run \(fold.id)", reason.map { "\(state.rawValue): \($0)" } ?? state.rawValue)
        case .interrupted(let reason): return ("run \(fold.id)", "interrupted: \(reason)")
        case .resumed(let resumed):
            let again = resumed.inFlight.map(\.description).joined(separator: ", ")
            return ("run \(fold.id)", again.isEmpty ? "resumed" : "resumed; in flight, to run again: \(again)")
        default: return nil
        }
    }
}

extension TaskFinished {
    fileprivate func progress(in fold: RunFold) -> String {
        let duration = fold.instance(instance)?.duration.map { " in \($0.displayText)" } ?? ""
        if cachedAs != nil { return state.rawValue + ", found in the cache" }
        let reason = error.map { ": \($0)" } ?? ""
        guard state == .upForRetry, let retryAt else { return state.rawValue + duration + reason }
        return "try \(tryNumber) failed\(duration)\(reason); next at \(retryAt)"
    }
}
