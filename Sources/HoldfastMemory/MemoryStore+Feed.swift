public import Holdfast

extension MemoryStore {
    public func feed(_ query: FeedQuery) async throws(StoreError) -> FeedPage {
        try query.validate()
        var position = try read { contents throws(StoreError) in contents.start(of: query) }
        let deadline = ContinuousClock.now + (query.wait ?? .zero)
        while true {
            let page = try read { [position] contents throws(StoreError) in
                try contents.feed(query, after: position)
            }
            guard page.entries.isEmpty, query.wait != nil, ContinuousClock.now < deadline else { return page }
            position = page.next
            await wait(past: position, until: deadline)
        }
    }

    /// Suspends until there is something behind the position, or no reason to wait any longer.
    private func wait(past position: FeedPosition, until deadline: ContinuousClock.Instant) async {
        let waiter = shared.makeWaiter()
        let timer = Task { [shared] in
            do { try await Task.sleep(until: deadline) } catch { return }
            shared.wake(waiter)
        }
        await withTaskCancellationHandler {
            await shared.wait(waiter, past: position, of: options.tenant, for: handle, until: deadline)
        } onCancel: {
            shared.wake(waiter)
        }
        timer.cancel()
    }
}
