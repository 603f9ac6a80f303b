/// A `CommitLine` for requests and replies of any type, where their handling does not count.
package final class CommitQueue<Request: Sendable, Reply: Sendable>: Sendable {
    private final class Ticket: CommitTicket, @unchecked Sendable {
        let request: Request
        var reply: Reply?

        init(_ request: Request, cost: Int) {
            self.request = request
            super.init(cost: cost)
        }
    }

    private let line: CommitLine
    private let cost: @Sendable (Request) -> Int
    private let closed: @Sendable () -> Reply

    /// - Parameters:
    ///   - isHostedByCallers: see `CommitLine`.
    ///   - cost: what a request counts towards `limits.cost`; one that is over it by itself makes a batch of its own.
    ///   - closed: the reply to a request that came after `close`.
    ///   - perform: one reply for each request, in their order.
    package init(
        label: String = "holdfast.commit", limits: BatchLimits = BatchLimits(), isHostedByCallers: Bool = true,
        cost: @escaping @Sendable (Request) -> Int = { _ in 0 }, closed: @escaping @Sendable () -> Reply,
        perform: @escaping @Sendable ([Request]) -> [Reply]
    ) {
        self.cost = cost
        self.closed = closed
        line = CommitLine(label: label, limits: limits, isHostedByCallers: isHostedByCallers) { tickets in
            let tickets = tickets.map { unsafeDowncast($0, to: Ticket.self) }
            let replies = perform(tickets.map(\.request))
            precondition(replies.count == tickets.count, "perform gives one reply for each request")
            for (ticket, reply) in zip(tickets, replies) { ticket.reply = reply }
        }
    }

    /// Performs a request and gives its reply, or `closed()` after `close`. Ignores cancellation.
    package func submit(_ request: Request) async -> Reply {
        let ticket = Ticket(request, cost: cost(request))
        guard await line.submit(ticket), let reply = ticket.reply else { return closed() }
        return reply
    }

    package var status: CommitLine.Status { line.status }

    /// Refuses new requests and waits for the accepted ones. Again: no effect, but it waits as well.
    package func close() async { await line.close() }
}
