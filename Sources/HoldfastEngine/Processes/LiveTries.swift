import Glibc
import SystemPackage
import Synchronization

/// The tries that this process has at work: what has to be gone before it may end at once.
///
/// A try counts from before it is spawned until nothing is left of its process group.
package enum LiveTries {
    private struct State {
        /// With the process group, once there is one.
        var tries: [TryToken: pid_t?] = [:]
        var isEnding = false
    }

    private static let state = Mutex(State())

    /// How often it is looked for processes that were just being started.
    private static let rounds = 3

    /// Kills whatever is at work, those too that left their process group, and lets nothing more begin. For the last moment of
    /// this process: it blocks the calling thread, and waits for none of the rest of the program.
    package static func killAll() {
        let tries = state.withLock { state in
            state.isEnding = true
            return state.tries
        }
        guard !tries.isEmpty else { return }
        for case let group? in tries.values { kill(-group, SIGKILL) }
        let tokens = Set(tries.keys)
        for _ in 0..<rounds {
            for process in carriers(of: tokens) { kill(process, SIGKILL) }
            usleep(5000)
        }
    }

    private static func carriers(of tokens: Set<TryToken>) -> [pid_t] {
        do throws(Errno) {
            return try ProcessTable.processIDs().filter { process in
                process != getpid() && ProcessTable.tryToken(of: process).map(tokens.contains) ?? false
            }
        } catch {
            // Nobody is left to tell; the next resume looks again, and says so.
            return []
        }
    }

    /// Whether what ends now was ended by `killAll`.
    static var isEnding: Bool { state.withLock { $0.isEnding } }

    /// - Returns: whether the try may begin.
    static func begin(_ token: TryToken) -> Bool {
        state.withLock { state in
            guard !state.isEnding else { return false }
            state.tries[token] = .some(nil)
            return true
        }
    }

    static func note(_ group: pid_t, of token: TryToken) { state.withLock { $0.tries[token] = group } }

    static func end(_ token: TryToken) { state.withLock { state in _ = state.tries.removeValue(forKey: token) } }
}
