import Glibc
import SystemPackage

/// The process group that a task leads. swift-subprocess signals a group only while its leader lives.
struct ProcessGroup {
    /// How long to wait for the end of processes after SIGKILL.
    static let patience = Duration.seconds(5)

    /// The process id of the leader. As long as the leader is not reaped, or any other member is left, the system gives
    /// the number to nobody else.
    let id: pid_t

    /// Signals every member; harmless for those that are dead. Only to be called before the leader is reaped.
    func send(_ signal: Int32) { kill(-id, signal) }

    /// Once the leader is reaped and the others were sent SIGTERM: waits until the deadline for them to end, then kills
    /// them. Takes one system call when nobody is left, as is usual.
    /// - Returns: those that are still there; empty unless the system can't end them.
    func endRest(deadline: ContinuousClock.Instant) async throws(Errno) -> [pid_t] {
        guard hasMembers else { return [] }
        if try await membersLeft(at: deadline).isEmpty { return [] }
        if hasMembers { kill(-id, SIGKILL) }
        return try await membersLeft(at: .now + Self.patience)
    }

    /// False as well when the group is gone and its number went to a new process.
    private var hasMembers: Bool { kill(-id, 0) == 0 && kill(id, 0) != 0 && errno == ESRCH }

    private func membersLeft(at deadline: ContinuousClock.Instant) async throws(Errno) -> [pid_t] {
        var pause = Duration.milliseconds(1)
        while hasMembers {
            // What is dead but not collected by its parent is a member too.
            let members = try ProcessTable.members(ofGroup: id)
            if members.isEmpty || ContinuousClock.now >= deadline { return members }
            do { try await Task.sleep(for: pause) } catch { return members }
            pause = min(pause * 2, .milliseconds(50))
        }
        return []
    }
}
