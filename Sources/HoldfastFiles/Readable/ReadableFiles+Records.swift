import Holdfast
import HoldfastLocal

// Showing records: they have no events, so whoever changes them shows them, and who opens a store looks.

extension ReadableFiles {
    private static let responseKind = "cache"

    /// Shows the records that this process has changed; the first time, all of them.
    /// - Parameter isLast: what is there already needn't be looked at.
    func showRecords(isLast: Bool = false) async {
        let changed = own.takeRecords()
        let isFirst = !hasShownRecords && !isLast
        var isShown = true
        for list in RecordList.all {
            let isThisShown = await attempt(list.path) { () throws(StoreError) in
                let isMissing = try files.size(of: list.path) == nil
                guard isFirst || isMissing || !list.kinds.isDisjoint(with: changed.keys) else { return }
                try show(list, try await list.elements(store))
            }
            guard !isThisShown else { continue }
            isShown = false
            for (kind, keys) in changed where list.kinds.contains(kind) { own.putBack(keys, kind: kind) }
        }
        let responses = changed[Self.responseKind] ?? []
        if isFirst || !responses.isEmpty, !(await showResponses(responses, isFirst: isFirst)) {
            isShown = false
            own.putBack(responses, kind: Self.responseKind)
        }
        if isFirst { hasShownRecords = isShown }
    }

    /// Replaces a file that lists all of something, if it lists anything else.
    private func show(_ list: RecordList, _ elements: [JSONValue]) throws(StoreError) {
        let shown = try files.read(list.path).flatMap { ReadableJSON.object($0) }?[list.name]
        guard shown != .array(elements) else { return }
        let members: [String: JSONValue] = ["position": .int(cursor.rawValue), list.name: .array(elements)]
        try files.replace(list.path, with: ReadableJSON.page(members, first: ["position"]))
    }
}

/// A file that lists all records of a kind.
private struct RecordList: Sendable {
    let name: String
    var path: String { "\(name).json" }
    /// Of the records that it is made of.
    let kinds: Set<String>
    let elements: @Sendable (any Store) async throws(StoreError) -> [JSONValue]

    static let all = [dags, workspaces]

    private static let dags = RecordList(name: "dags", kinds: ["dag", "dag_definition"]) { store throws(StoreError) in
        let dags = try await collect { cursor throws(StoreError) in try await store.dags.list(cursor: cursor) }
        var elements: [JSONValue] = []
        for dag in dags { elements.append(dag.outputJSON(with: try await store.dags.definition(of: dag.id))) }
        return elements
    }

    private static let workspaces = RecordList(name: "workspaces", kinds: ["workspace"]) { store throws(StoreError) in
        try await collect { cursor throws(StoreError) in try await store.workspaces.list(cursor: cursor) }
            .map(\.outputJSON)
    }
}

/// The elements of all pages.
private func collect<Element>(
    _ page: (Cursor?) async throws(StoreError) -> Page<Element>
) async throws(StoreError) -> [Element] {
    var elements: [Element] = []
    var cursor: Cursor?
    repeat {
        let next = try await page(cursor)
        elements += next.elements
        cursor = next.nextCursor
    } while cursor != nil
    return elements
}
