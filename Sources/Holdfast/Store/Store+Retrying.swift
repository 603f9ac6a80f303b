extension Store {
    /// Commits, trying again while the store is unavailable or its answer was lost: the same changeset, so that it is
    /// never written twice.
    /// - Parameter patience: how long to go on trying; at most what is left of the lease is of use.
    package func commitRetrying(_ changeset: Changeset, patience: Duration = .seconds(15)) async throws(StoreError)
        -> Receipt
    {
        do throws(StoreError) {
            return try await commitSpilling(changeset)
        } catch {
            guard error.isPassing else { throw error }
            return try await tryAgain(until: .now + patience, after: error) { () throws(StoreError) in
                try await commitSpilling(changeset)
            }
        }
    }

    private func tryAgain<Result>(
        until deadline: ContinuousClock.Instant, after first: StoreError,
        _ attempt: () async throws(StoreError) -> Result
    ) async throws(StoreError) -> Result {
        var last = first
        var pause = Duration.milliseconds(50)
        while ContinuousClock.now + pause < deadline {
            do { try await Task.sleep(for: pause) } catch { throw last }
            do throws(StoreError) {
                return try await attempt()
            } catch {
                guard error.isPassing else { throw error }
                last = error
            }
            pause = min(pause * 2, .seconds(2))
        }
        throw last
    }
}

extension StoreError {
    /// Whether the same call may succeed later.
    package var isPassing: Bool { code == .unavailable || code == .outcomeUnknown }
}
