import Holdfast
import Synchronization

/// What can happen to a run while its executor waits.
enum RunMessage: Sendable {
    /// A try ended, and this is its checkpoint.
    case tryEnded(InstanceID, TryOutcome)
    /// Somebody made a request, or it is time to decide again.
    case lookAgain
    /// Another worker has the run now, or this one could not renew its lease in time.
    case leaseLost(StoreError)
    /// This worker is told to stop; the run stays unfinished.
    case interrupt(reason: String)
}

/// Messages for one run. Any thread may post; the run's executor alone receives.
final class Mailbox: Sendable {
    let stream: AsyncStream<RunMessage>
    private let continuation: AsyncStream<RunMessage>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func post(_ message: RunMessage) { continuation.yield(message) }
}
