import Holdfast

/// Which histories a list is of.
struct ListKey: Sendable, Hashable {
    enum Filter: Sendable, Hashable {
        case all
        case dag(Int32)
        case state(RunState)
        case dagState(Int32, RunState)
        case workspace(Int32)
        case label(String, String)
    }

    var kind: HistoryID.Kind
    var order: SummaryQuery.Order
    var filter: Filter
}

/// The place of a history in an order; the id breaks ties.
struct SlotPlace: Sendable, Hashable {
    /// Milliseconds.
    var key: Int64
    var slot: Int32
}

/// Histories in the order of a key and, where that is equal, of their ids.
struct SlotList: Sendable {
    private(set) var places: ContiguousArray<SlotPlace> = []
    /// What came out of order while a base was read is put right when somebody asks.
    private var isSorted = true

    typealias IDs = ContiguousArray<HistoryID>

    private static func precedes(_ left: SlotPlace, _ right: SlotPlace, _ ids: IDs) -> Bool {
        left.key != right.key ? left.key < right.key : ids[Int(left.slot)].id < ids[Int(right.slot)].id
    }

    /// For the reading of a base, whose lines come in about the order that is wanted.
    mutating func append(_ place: SlotPlace, _ ids: IDs) {
        if isSorted, let last = places.last, !Self.precedes(last, place, ids) { isSorted = false }
        places.append(place)
    }

    mutating func sort(_ ids: IDs) {
        guard !isSorted else { return }
        places.sort { Self.precedes($0, $1, ids) }
        isSorted = true
    }

    mutating func insert(_ place: SlotPlace, _ ids: IDs) {
        guard isSorted, let last = places.last, !Self.precedes(last, place, ids) else { return append(place, ids) }
        places.insert(place, at: firstIndex { !Self.precedes($0, place, ids) })
    }

    mutating func remove(_ place: SlotPlace, _ ids: IDs) {
        sort(ids)
        let index = firstIndex { !Self.precedes($0, place, ids) }
        if index < places.count, places[index] == place { places.remove(at: index) }
    }

    /// Where a condition that holds for a tail of the list begins to hold.
    func firstIndex(where holds: (SlotPlace) -> Bool) -> Int {
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if holds(places[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
