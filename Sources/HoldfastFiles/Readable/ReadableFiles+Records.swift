import Holdfast
import HoldfastLocal

// Showing records.

extension ReadableFiles {
    /// Shows the records that this process has changed; the first time, all of them.
    /// - Parameter isLast: what is there already needn't be looked at.
    func showRecords(isLast: Bool = false) async {
        let changed = own.takeRecords()
        let isShown = await attempt("dags.json") { () throws(StoreError) in
            let isMissing = try files.size(of: "dags.json") == nil
            guard isMissing || !isLast && !hasShownRecords || changed.keys.contains(where: Self.isOfDAG) else { return }
            try await showDAGs()
        }
        guard !isShown else { return hasShownRecords = true }
        for (kind, keys) in changed { own.putBack(keys, kind: kind) }
    }

    private static func isOfDAG(_ kind: String) -> Bool { kind == "dag" || kind == "dag_definition" }

    private func showDAGs() async throws(StoreError) {
        var dags: [JSONValue] = []
        var cursor: Cursor?
        repeat {
            let page = try await store.dags.list(cursor: cursor)
            for dag in page.elements {
                dags.append(dag.outputJSON(with: try await store.dags.definition(of: dag.id)))
            }
            cursor = page.nextCursor
        } while cursor != nil
        try showPage("dags.json", "dags", dags)
    }

    /// Replaces a file that lists all of something, if it lists anything else.
    private func showPage(_ path: String, _ name: String, _ elements: [JSONValue]) throws(StoreError) {
        let shown = try files.read(path).flatMap { ReadableJSON.object($0) }?[name]
        guard shown != .array(elements) else { return }
        let page = ReadableJSON.page(
            ["position": .int(cursor.rawValue), name: .array(elements)], first: ["position"])
        try files.replace(path, with: page)
    }
}
