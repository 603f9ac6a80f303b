import Foundation
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import HoldfastEngine
import Synchronization

/// Ctrl-C, SIGTERM and SIGHUP: the first one asks to stop, the second one stops at once, tasks included.
///
/// Handlers rather than ignored signals, as what is ignored here would be ignored in the processes of tasks too.
struct Interruption: Sendable {
    /// The names of the signals as they come; the first is the one to act on.
    let signals: AsyncStream<String>

    private static let names: [Int32: String] = [SIGINT: "SIGINT", SIGTERM: "SIGTERM", SIGHUP: "SIGHUP"]

    /// Takes the signals over, for the rest of the process's life.
    init() throws(CommandFailure) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            throw CommandFailure(.store, "no pipe can be made: \(String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        wakeEnd.store(ends[1], ordering: .releasing)
        signals = Self.stream(from: ends[0])
        for number in Self.names.keys { Self.install(number) { received($0) } }
        // A reader that went away costs the display, not the run.
        Self.install(SIGPIPE) { _ in }
    }

    /// Whether a signal has come.
    var hasCome: Bool { receivedCount.load(ordering: .sequentiallyConsistent) > 0 }

    /// As long as `body` is at work, the first signal interrupts what the engine executes. For one call.
    func interrupting<Result, Failure: Error>(
        _ engine: Engine, while body: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let attention = Task {
            for await signal in signals {
                await engine.interrupt(reason: signal)
                return
            }
        }
        defer { attention.cancel() }
        return try await body()
    }

    /// A thread of its own reads, as nothing else may block on the pipe.
    private static func stream(from end: Int32) -> AsyncStream<String> {
        let (stream, continuation) = AsyncStream<String>.makeStream()
        Thread.detachNewThread {
            var byte: UInt8 = 0
            var isFirst = true
            while true {
                let count = read(end, &byte, 1)
                guard count == 1 || count < 0 && errno == EINTR else { return }
                guard count == 1 else { continue }
                if isFirst {
                    isFirst = false
                    continuation.yield(names[Int32(byte)] ?? "signal \(byte)")
                } else {
                    LiveTries.killAll()
                    _exit(Exit.interrupted.rawValue)
                }
            }
        }
        return stream
    }

    private static func install(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        #if canImport(Glibc)
            action.__sigaction_handler.sa_handler = handler
        #else
            action.__sigaction_u.__sa_handler = handler
        #endif
        action.sa_flags = SA_RESTART
        sigaction(number, &action, nil)
    }
}

/// The end of the pipe that the handler writes to.
private let wakeEnd = Atomic<Int32>(-1)
private let receivedCount = Atomic<Int>(0)

/// In a handler: nothing here may allocate or lock. The thread at the other end does what is to be done; who is still not
/// satisfied with that ends everything by a third signal.
private func received(_ number: Int32) {
    if receivedCount.add(1, ordering: .sequentiallyConsistent).oldValue > 1 { _exit(Exit.interrupted.rawValue) }
    var byte = UInt8(truncatingIfNeeded: number)
    _ = write(wakeEnd.load(ordering: .acquiring), &byte, 1)
}
