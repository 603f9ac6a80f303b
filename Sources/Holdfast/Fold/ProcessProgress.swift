/// How far a process is: what its holder's events decide. The fold has it from the history, a writer from the summary, so
/// that a change of the status costs the same however long the conversation is.
public struct ProcessProgress: Sendable, Hashable {
    public internal(set) var status: ProcessStatus
    public internal(set) var startTime: Timestamp
    public internal(set) var endTime: Timestamp?
    public internal(set) var error: String?
    /// How often it began anew after an end.
    public internal(set) var restartCount = 0
    /// The lease under which it runs; nil while nobody said that they run it.
    public internal(set) var owner: LeaseToken?

    init(of record: ProcessRecord) {
        status = record.status
        startTime = record.startTime
        endTime = record.endTime
        error = record.error
    }

    /// The progress after a change.
    /// - Parameter token: under which it is written.
    /// - Returns: nil when the transition table has no such step.
    func applying(_ change: ProcessChange, at time: Timestamp, token: LeaseToken?) -> ProcessProgress? {
        var next = self
        // Whoever goes on running may not have seen yet that the end is asked for.
        let isUnaware = change.status == .running && status == .cancelling
        if let status = change.status, status != self.status, !isUnaware {
            guard status != .cancelling, self.status.canBecome(status) else { return nil }
            next.move(to: status, at: time)
        }
        next.startTime = change.startTime ?? startTime
        if change.endTime != .keep { next.endTime = change.endTime.applied(to: endTime) }
        if change.error != .keep { next.error = change.error.applied(to: error) }
        next.owner = change.isOwned ? token : nil
        return next
    }

    private mutating func move(to next: ProcessStatus, at time: Timestamp) {
        if status.isTerminal {
            restartCount += 1
            endTime = nil
            error = nil
        }
        if next.isTerminal { endTime = endTime ?? time }
        status = next
    }
}

// MARK: - In a summary

extension ProcessProgress {
    private static let ownerKey = "owner"

    /// The owner's columns of the summary.
    func columns(asOf sequence: Int64, updatedAt: Timestamp) -> Summary.Folded {
        Summary.Folded(
            asOf: sequence, state: status.runState, updatedAt: updatedAt, startedAt: startTime, endedAt: endTime,
            failureReason: error, resumeCount: restartCount,
            params: owner.map { [Self.ownerKey: .int($0.rawValue)] } ?? [:])
    }

    /// As it is stored: a dead holder makes no difference yet.
    init(_ summary: Summary) {
        let folded = summary.folded
        status = ProcessStatus(folded.state, isCancelRequested: summary.cancelRequestedAt != nil)
        startTime = folded.startedAt ?? summary.createdAt
        endTime = folded.endedAt
        error = folded.failureReason
        restartCount = folded.resumeCount
        owner = folded.params[Self.ownerKey]?.intValue.map(LeaseToken.init(rawValue:))
    }

    /// The end that a process comes to whose holder died, and what is said about it.
    func abandoned(_ lease: LeaseInfo) -> ProcessChange {
        guard status != .cancelling else { return ProcessChange(status: .cancelled) }
        return ProcessChange(
            status: .failed, error: .set("its worker is gone: \(lease.location ?? lease.worker.rawValue)"))
    }
}
