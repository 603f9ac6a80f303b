public import Holdfast
import Synchronization

/// A clock that stands until it is turned.
public final class ManualClock: WallClock {
    private let time: Mutex<Timestamp>

    /// - Parameter start: by default 2026-01-01T00:00:00Z.
    public init(at start: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) { time = Mutex(start) }

    public func now() -> Timestamp { time.withLock { $0 } }

    /// Turns it on, or back with a negative duration.
    public func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }
}
