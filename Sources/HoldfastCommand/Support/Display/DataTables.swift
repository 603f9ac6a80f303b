import Holdfast

/// The values that tasks left.
enum XComTable {
    static func table(_ entries: [XComEntry]) -> TextTable {
        var table = TextTable([
            .init(title: "TASK", isFlexible: true), .init(title: "KEY"),
            .init(title: "SIZE", isRight: true, isOptional: true),
            .init(title: "VALUE", isFlexible: true),
        ])
        for entry in entries {
            table.add(
                .init(entry.instance.description), .init(entry.key), .init(displaySize(Int64(entry.size))),
                .init(entry.value?.compactText ?? "…"))
        }
        return table
    }
}

/// The data that a run produced.
enum ArtifactTable {
    static func table(_ artifacts: [ArtifactReference]) -> TextTable {
        let hasSchemas = artifacts.contains { $0.schema != nil }
        var table = TextTable(
            [
                .init(title: "KEY", isFlexible: true), .init(title: "SIZE", isRight: true, isOptional: true),
                .init(title: "TYPE", isOptional: true),
            ] + (hasSchemas ? [.init(title: "SCHEMA", isOptional: true)] : [])
                + [.init(title: "DIGEST", isFlexible: true, isOptional: true)])
        for artifact in artifacts {
            var cells: [TextTable.Cell] = [
                .init(artifact.key.rawValue), .init(displaySize(artifact.size)), .init(artifact.mediaType),
            ]
            if hasSchemas { cells.append(.init(artifact.schema ?? "")) }
            table.add(cells + [.init(artifact.digest.hexadecimal)])
        }
        return table
    }
}
