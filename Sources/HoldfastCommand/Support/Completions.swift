import ArgumentParser
import Holdfast

extension CompletionKind {
    /// The newest runs of the store that the environment names, or that is found from here.
    static let runs = CompletionKind.custom { @Sendable _, _, prefix async in
        await completions { store in
            try await store.runs.list(SummaryQuery(idPrefix: prefix.isEmpty ? nil : prefix, limit: 50)).elements.map(
                \.id.id)
        }
    }

    static let processes = CompletionKind.custom { @Sendable _, _, prefix async in
        await completions { store in
            let query = SummaryQuery(kind: .process, idPrefix: prefix.isEmpty ? nil : prefix, limit: 50)
            return try await store.summaries(query).elements.map(\.id.id)
        }
    }

    static let workspaces = CompletionKind.custom { @Sendable _, _, _ async in
        await completions { store in try await store.workspaces.list(limit: 1000).elements.map(\.id.rawValue) }
    }

    static let dags = CompletionKind.custom { @Sendable _, _, _ async in
        await completions { store in Set(try await store.counts(CountQuery()).map(\.dag.rawValue)).sorted() }
    }
}

/// While somebody types there is nobody to tell about an error: no suggestions, then.
private func completions(_ list: (any Store) async throws -> [String]) async -> [String] {
    do {
        return try await list(try await StoreArguments.parse([]).openExisting().store)
    } catch {
        return []
    }
}
