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
            let repeated = changeset.perhapsCommitted
            return try await tryAgain(until: .now + patience, after: error) { () throws(StoreError) in
                try await commitSpilling(repeated)
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

/// Changes that lose against another one are made again on what that left; more often than this in a row, the conflict is
/// the answer.
private let attempts = 16

/// Does what reads, decides and commits on a condition, and does it again while the condition did not hold.
/// - Throws: `conflict` at last, and everything else that `body` throws.
package func retryingConflicts<Answer>(
    _ body: () async throws(StoreError) -> Answer
) async throws(StoreError) -> Answer {
    var attempt = 1
    while true {
        do throws(StoreError) {
            return try await body()
        } catch {
            guard error.code == .conflict, attempt < attempts else { throw error }
            attempt += 1
        }
    }
}

extension Changeset {
    /// The changeset as it is committed again: now it may be there.
    fileprivate var perhapsCommitted: Changeset {
        var changeset = self
        for index in appends.indices where appends[index].lastKnown == Append.neverCommitted {
            changeset.appends[index].lastKnown = 0
        }
        return changeset
    }
}

extension StoreError {
    /// Whether the same call may succeed later.
    package var isPassing: Bool { code == .unavailable || code == .outcomeUnknown }
}
