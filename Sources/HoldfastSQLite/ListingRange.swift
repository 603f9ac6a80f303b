import Holdfast

/// A stretch of one index that is in the order of the listing.
struct ListingRange: Equatable {
    enum Source: String, CaseIterable {
        case dag, state, dagState, workspace, parent, label
        /// What is active, by its holder; null: nobody.
        case active
    }

    var source: Source
    /// The values of the index's columns before the ordered one.
    var values: [Value] = []

    enum Value: Equatable {
        case text(String)
        case key(Int64)
        case none
    }

    /// The orders that there is such an index for.
    func exists(in order: SummaryQuery.Order) -> Bool {
        switch source {
        case .state: true
        case .dag: order != .created
        case .dagState, .workspace, .parent, .label, .active: order == .created
        }
    }

    /// The ranges that together hold all that a query may match, and as little else as the indexes allow.
    static func ranges(of query: SummaryQuery, _ liveness: LivenessSnapshot) -> [ListingRange] {
        let isByCreation = query.order == .created
        if isByCreation, let parent = query.parent {
            return [ListingRange(source: .parent, values: [.text(parent.rawValue)])]
        }
        if isByCreation, let (name, value) = query.labels.min(by: { $0.key < $1.key }) {
            return [ListingRange(source: .label, values: [.text(name), .text(value)])]
        }
        if !isByCreation, let dag = query.dag { return [ListingRange(source: .dag, values: [.text(dag.rawValue)])] }
        if query.states.isEmpty, query.dag == nil, isByCreation, let workspace = query.workspace {
            return [ListingRange(source: .workspace, values: [.text(workspace.rawValue)])]
        }
        return byState(query, liveness)
    }

    /// Also for all states: merging these few ranges is cheap, while an index without the state would cost every run a page at
    /// its creation and another one at its end.
    private static func byState(_ query: SummaryQuery, _ liveness: LivenessSnapshot) -> [ListingRange] {
        var states = query.states.isEmpty ? Set(RunState.allCases) : query.states
        var ranges: [ListingRange] = []
        if query.states.contains(.interrupted) {
            // Stored as active, shown as interrupted.
            if query.order == .created, liveness.dead.count <= mostHolders {
                ranges.append(ListingRange(source: .active, values: [.none]))
                ranges += liveness.dead.sorted().map { ListingRange(source: .active, values: [.key($0)]) }
            } else {
                states.formUnion([.running, .waiting])
            }
        }
        for state in states.sorted(by: { $0.rawValue < $1.rawValue }) {
            if let dag = query.dag {
                ranges.append(
                    ListingRange(source: .dagState, values: [.text(dag.rawValue), .text(state.rawValue)]))
            } else {
                ranges.append(ListingRange(source: .state, values: [.text(state.rawValue)]))
            }
        }
        return ranges
    }

    /// With more dead holders than this, walking over everything active is cheaper than a range for each.
    private static let mostHolders = 32

    // MARK: - SQL

    /// `?1` tenant, `?2` kind, `?3` and `?4` the place, `?5` … the values.
    func sql(_ order: SummaryQuery.Order, ascending: Bool) -> String {
        let table = source == .label ? "label" : "history"
        let column = source == .label ? "label.created_at" : "history.\(Self.column(order))"
        let direction = ascending ? "" : " DESC"
        var conditions = ["\(table).tenant = ?1", "\(table).kind = ?2"]
        for (index, name) in columns.enumerated() {
            conditions.append("\(table).\(name) \(source == .active ? "IS" : "=") ?\(index + 5)")
        }
        conditions.append("(\(column), \(table).id) \(ascending ? ">" : "<") (?3, ?4)")
        if source == .active { conditions.append("history.state IN ('running', 'waiting')") }
        if order != .created { conditions += ["\(column) IS NOT NULL", "history.kind = 0"] }
        let from =
            source == .label
            ? "label CROSS JOIN history ON history.key = label.history"
            : "history INDEXED BY \(index(order))"
        return """
            SELECT \(SummaryRow.columns), \(column) FROM \(from) \(SummaryRow.workerJoin)
            WHERE \(conditions.joined(separator: " AND "))
            ORDER BY \(column)\(direction), \(table).id\(direction)
            """
    }

    private var columns: [String] {
        switch source {
        case .dag: ["dag"]
        case .state: ["state"]
        case .dagState: ["dag", "state"]
        case .workspace: ["workspace"]
        case .parent: ["parent"]
        case .label: ["name", "value"]
        case .active: ["holder"]
        }
    }

    private func index(_ order: SummaryQuery.Order) -> String {
        "history_\(source == .dagState ? "dag_state" : source.rawValue)_\(order.rawValue)"
    }

    static func column(_ order: SummaryQuery.Order) -> String {
        switch order {
        case .created: "created_at"
        case .ended: "ended_at"
        case .duration: "duration"
        }
    }
}

/// Several ranges, merged into one order as they are read.
struct MergedRanges: ListingCandidates {
    private struct Head {
        var place: ListingPlace
        var statement: SQLStatement
    }

    private var heads: [Head] = []
    private let all: [SQLStatement]
    private let ascending: Bool
    /// The range that the last row came from; it is moved on when the next row is wanted.
    private var current: Int?

    init(_ ranges: [ListingRange], _ listing: Listing) throws(SQLiteFailure) {
        let query = listing.query
        ascending = query.ascending
        let start = listing.start.place ?? query.earliestPlace
        var all: [SQLStatement] = []
        for range in ranges {
            let sql = range.sql(query.order, ascending: query.ascending)
            let copy = ranges.prefix(all.count).count { $0.source == range.source }
            let statement = try listing.connection.prepared(text: sql, copy: copy)
            statement.bind(listing.tenant, query.kind.code, start.key, start.id)
            for (index, value) in range.values.enumerated() { statement.bind(value, at: Int32(index) + 5) }
            all.append(statement)
        }
        self.all = all
        for statement in all {
            if let head = try Self.head(of: statement) { heads.append(head) }
        }
    }

    private static func head(of statement: SQLStatement) throws(SQLiteFailure) -> Head? {
        guard try statement.step() else { return nil }
        return Head(
            place: ListingPlace(key: statement.int(SummaryRow.orderColumn), id: statement.text(0)),
            statement: statement)
    }

    mutating func next() throws(SQLiteFailure) -> (ListingPlace, SummaryRow)? {
        if let current {
            if let head = try Self.head(of: heads[current].statement) {
                heads[current] = head
            } else {
                heads.remove(at: current)
            }
        }
        current = heads.indices.min { left, right in
            ascending ? heads[left].place < heads[right].place : heads[left].place > heads[right].place
        }
        guard let current else { return nil }
        return (heads[current].place, SummaryRow(statement: heads[current].statement))
    }

    func reset() {
        for statement in all { statement.reset() }
    }
}

extension ListingRange.Value: SQLBindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        switch self {
        case .text(let text): text.bind(to: statement, at: index)
        case .key(let key): key.bind(to: statement, at: index)
        case .none: Int64?.none.bind(to: statement, at: index)
        }
    }
}

extension SummaryQuery {
    /// A place before all matches. In the order of creation `since` and `until` cut the ranges.
    fileprivate var earliestPlace: ListingPlace {
        if ascending {
            let since = order == .created ? since?.milliseconds : nil
            return ListingPlace(key: since ?? .min, id: "")
        }
        let until = order == .created ? until?.milliseconds : nil
        return ListingPlace(key: until ?? .max, id: "")
    }

    /// Whether nothing behind this place can match any more.
    func isPastEnd(_ place: ListingPlace) -> Bool {
        guard order == .created else { return false }
        if ascending { return until.map { place.key >= $0.milliseconds } ?? false }
        return since.map { place.key < $0.milliseconds } ?? false
    }
}
