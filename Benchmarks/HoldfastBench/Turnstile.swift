import Synchronization

/// Lets workers through only while it is open, and knows when all of them stand still.
final class Turnstile: Sendable {
    fileprivate struct State {
        var isOpen = false
        var isOver = false
        var standing: [CheckedContinuation<Bool, Never>] = []
        var left: Int
        var observer: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>
    private let isOpen = Atomic(false)

    init(workers: Int) { state = Mutex(State(left: workers)) }

    /// Passes, or stands until it is open again.
    /// - Returns: false once it is over.
    func pass() async -> Bool {
        if isOpen.load(ordering: .relaxed) { return true }
        return await withCheckedContinuation { continuation in
            let (answer, observer) = state.withLock { state -> (Bool?, CheckedContinuation<Void, Never>?) in
                if state.isOver { return (false, nil) }
                if state.isOpen { return (true, nil) }
                state.standing.append(continuation)
                return (nil, state.takeObserver())
            }
            if let answer { continuation.resume(returning: answer) }
            observer?.resume()
        }
    }

    /// A worker has ended, and will not come again.
    func leave() {
        let observer = state.withLock { state in
            state.left -= 1
            return state.takeObserver()
        }
        observer?.resume()
    }

    func open() {
        let standing = state.withLock { state in
            state.isOpen = true
            isOpen.store(true, ordering: .relaxed)
            return state.takeStanding()
        }
        for worker in standing { worker.resume(returning: true) }
    }

    /// Closes, and returns when every worker stands.
    func close() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let observer = state.withLock { state in
                state.isOpen = false
                isOpen.store(false, ordering: .relaxed)
                state.observer = continuation
                return state.takeObserver()
            }
            observer?.resume()
        }
    }

    /// Sends everybody home.
    func end() {
        let standing = state.withLock { state in
            state.isOver = true
            isOpen.store(false, ordering: .relaxed)
            return state.takeStanding()
        }
        for worker in standing { worker.resume(returning: false) }
    }
}

extension Turnstile.State {
    fileprivate mutating func takeStanding() -> [CheckedContinuation<Bool, Never>] {
        defer { standing = [] }
        return standing
    }

    /// Who waits for all to stand, if they do.
    fileprivate mutating func takeObserver() -> CheckedContinuation<Void, Never>? {
        guard standing.count == left else { return nil }
        defer { observer = nil }
        return observer
    }
}
