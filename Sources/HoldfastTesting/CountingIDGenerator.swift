public import Holdfast
import Synchronization

/// Ids that a test can foresee: `run-1`, `run-2`, … and tokens counted in hexadecimal.
public final class CountingIDGenerator: IDGenerator {
    private let made = Mutex((runs: 0, tokens: 0))

    public init() {}

    public func runID() -> RunID {
        made.withLock { made in
            made.runs += 1
            return RunID(unchecked: "run-\(made.runs)")
        }
    }

    public func token() -> String {
        made.withLock { made in
            made.tokens += 1
            let digits = String(made.tokens, radix: 16)
            return String(repeating: "0", count: max(0, 32 - digits.count)) + digits
        }
    }
}
