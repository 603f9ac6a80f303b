import DequeModule

/// Instances that are up for retry, soonest first.
///
/// Retries mostly come and go at the ends, where a deque has nothing to move.
public struct RetryQueue: Sendable, Hashable, RandomAccessCollection {
    public struct Retry: Sendable, Hashable, Comparable {
        public let at: Timestamp
        /// The index of the instance.
        public let slot: Int

        public static func < (left: Retry, right: Retry) -> Bool { (left.at, left.slot) < (right.at, right.slot) }
    }

    private var entries: Deque<Retry> = []

    public var startIndex: Int { 0 }
    public var endIndex: Int { entries.count }
    public subscript(position: Int) -> Retry { entries[position] }

    mutating func insert(_ retry: Retry) { entries.insert(retry, at: place(of: retry)) }

    mutating func remove(_ retry: Retry) {
        let place = place(of: retry)
        if place < entries.count, entries[place] == retry { entries.remove(at: place) }
    }

    /// Where a retry is, or belongs.
    private func place(of retry: Retry) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle] < retry { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
