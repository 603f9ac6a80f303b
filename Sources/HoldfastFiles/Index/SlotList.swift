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
///
/// In pieces, so that what comes or goes in the middle moves few others.
struct SlotList: Sendable {
    /// None is empty.
    private var pieces: ContiguousArray<ContiguousArray<SlotPlace>> = []
    /// What came out of order while a base was read is put right when somebody asks.
    private var isSorted = true

    typealias IDs = ContiguousArray<HistoryID>

    private static let maximumPiece = 1024

    private static func precedes(_ left: SlotPlace, _ right: SlotPlace, _ ids: IDs) -> Bool {
        left.key != right.key ? left.key < right.key : ids[Int(left.slot)].id < ids[Int(right.slot)].id
    }

    /// For the reading of a base, whose lines come in about the order that is wanted.
    mutating func append(_ place: SlotPlace, _ ids: IDs) {
        if isSorted, let last, !Self.precedes(last, place, ids) { isSorted = false }
        append(place)
    }

    private mutating func append(_ place: SlotPlace) {
        if pieces.last?.count ?? Self.maximumPiece < Self.maximumPiece {
            pieces[pieces.count - 1].append(place)
        } else {
            pieces.append([place])
        }
    }

    mutating func sort(_ ids: IDs) {
        guard !isSorted else { return }
        var sorted = ContiguousArray(self)
        sorted.sort { Self.precedes($0, $1, ids) }
        pieces = []
        for place in sorted { append(place) }
        isSorted = true
    }

    mutating func insert(_ place: SlotPlace, _ ids: IDs) {
        guard isSorted, let last, !Self.precedes(last, place, ids) else { return append(place, ids) }
        let index = firstIndex { !Self.precedes($0, place, ids) }
        pieces[index.piece].insert(place, at: index.offset)
        if pieces[index.piece].count > Self.maximumPiece { split(index.piece) }
    }

    private mutating func split(_ index: Int) {
        let middle = pieces[index].count / 2
        pieces.insert(ContiguousArray(pieces[index][middle...]), at: index + 1)
        pieces[index] = ContiguousArray(pieces[index][..<middle])
    }

    mutating func remove(_ place: SlotPlace, _ ids: IDs) {
        sort(ids)
        let index = firstIndex { !Self.precedes($0, place, ids) }
        guard index < endIndex, self[index] == place else { return }
        pieces[index.piece].remove(at: index.offset)
        if pieces[index.piece].isEmpty { pieces.remove(at: index.piece) }
    }

    /// Where a condition that holds for a tail of the list begins to hold.
    func firstIndex(where holds: (SlotPlace) -> Bool) -> Index {
        let piece = pieces.firstOfTail { holds($0[$0.count - 1]) }
        return Index(piece: piece, offset: piece < pieces.count ? pieces[piece].firstOfTail(where: holds) : 0)
    }
}

extension SlotList: BidirectionalCollection {
    struct Index: Comparable {
        fileprivate var piece: Int
        fileprivate var offset: Int

        static func < (left: Index, right: Index) -> Bool {
            (left.piece, left.offset) < (right.piece, right.offset)
        }
    }

    var startIndex: Index { Index(piece: 0, offset: 0) }
    var endIndex: Index { Index(piece: pieces.count, offset: 0) }

    subscript(index: Index) -> SlotPlace { pieces[index.piece][index.offset] }

    func index(after index: Index) -> Index {
        index.offset + 1 < pieces[index.piece].count
            ? Index(piece: index.piece, offset: index.offset + 1) : Index(piece: index.piece + 1, offset: 0)
    }

    func index(before index: Index) -> Index {
        index.offset > 0
            ? Index(piece: index.piece, offset: index.offset - 1)
            : Index(piece: index.piece - 1, offset: pieces[index.piece - 1].count - 1)
    }
}

extension ContiguousArray {
    /// Where a condition that holds for a tail begins to hold.
    fileprivate func firstOfTail(where holds: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
