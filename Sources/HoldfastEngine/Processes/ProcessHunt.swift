import Glibc
package import Holdfast
import SystemPackage

/// Ends what is left of a try whose worker is gone.
package enum ProcessHunt {
    /// Ends every process on this machine that was started with the token in its environment, those too that left
    /// their process group or session, until none is left. The calling process itself is spared.
    ///
    /// Runs to its end even when the calling task is cancelled: a try must not start while an earlier one still runs.
    /// A program that overwrites its own environment block can't be found.
    /// - Parameters:
    ///   - gracePeriod: between SIGTERM and SIGKILL.
    ///   - patience: how long to wait for the end after SIGKILL.
    /// - Throws: `unavailable`, naming the processes that did not end in time, or that `/proc` can't be read.
    package static func end(
        tryToken: TryToken, gracePeriod: Duration = .seconds(10), patience: Duration = .seconds(5)
    ) async throws(StoreError) {
        let hunt = Task { () async -> Result<Void, StoreError> in
            do throws(StoreError) {
                if try await send(SIGTERM, to: tryToken, during: gracePeriod).isEmpty { return .success(()) }
                let left = try await send(SIGKILL, to: tryToken, during: patience)
                return left.isEmpty ? .success(()) : .failure(stillThere(left))
            } catch {
                return .failure(error)
            }
        }
        try await hunt.value.get()
    }

    /// Signals the carriers of the token, once each and new ones as they appear, until none is left or time is up.
    private static func send(
        _ signal: Int32, to token: TryToken, during limit: Duration
    ) async throws(StoreError) -> [pid_t] {
        let deadline = ContinuousClock.now + limit
        var signalled: Set<pid_t> = []
        var pause = Duration.milliseconds(2)
        while true {
            let sight = try await look(for: token, until: deadline)
            // Looked at a moment ago: the number can't have gone to another process in the meantime in practice.
            for process in sight.carriers where signalled.insert(process).inserted { kill(process, signal) }
            if sight.all.isEmpty || ContinuousClock.now >= deadline { return sight.all }
            do { try await Task.sleep(for: pause) } catch { return sight.all }
            pause = min(pause * 2, .milliseconds(50))
        }
    }

    struct Sight {
        var carriers: [pid_t] = []
        /// In the midst of an `exec`, when it can't be told what they carry.
        var undecided: [pid_t]

        var all: [pid_t] { carriers + undecided }
    }

    /// Who carries the token. While there is none among the others, the undecided ones are waited for, and by themselves: at
    /// a further look at all processes, others would be in the midst of theirs.
    static func look(for token: TryToken, until deadline: ContinuousClock.Instant) async throws(StoreError) -> Sight {
        let entry = "\(TryToken.variable)=\(token)"
        var sight = Sight(undecided: try others())
        while true {
            let looked = sight.undecided.map { (process: $0, carries: ProcessTable.carries(entry, $0)) }
            sight.carriers = looked.filter { $0.carries == true }.map(\.process)
            sight.undecided = looked.filter { $0.carries == nil }.map(\.process)
            guard sight.carriers.isEmpty, !sight.undecided.isEmpty, ContinuousClock.now < deadline else { return sight }
            do { try await Task.sleep(for: .milliseconds(1)) } catch { return sight }
        }
    }

    /// All processes but this one.
    private static func others() throws(StoreError) -> [pid_t] {
        do throws(Errno) {
            return try ProcessTable.processIDs().filter { $0 != getpid() }
        } catch {
            throw StoreError(.unavailable, subject: "/proc", detail: "can't list processes: \(error)", cause: error)
        }
    }

    private static func stillThere(_ processes: [pid_t]) -> StoreError {
        StoreError(
            .unavailable, subject: "processes \(processes.map(String.init).joined(separator: ", ")) of an earlier try",
            detail: "they have not ended, though who carries its token was sent SIGKILL")
    }
}
