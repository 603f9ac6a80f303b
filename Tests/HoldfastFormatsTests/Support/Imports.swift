import Foundation
import Holdfast
import HoldfastFormats
import HoldfastMemory
import Testing

/// Imports as a machine in Berlin would.
func runImport(
    _ path: String, into store: any Store, format: RecordFormat? = nil, isDryRun: Bool = false
) async throws -> ImportReport {
    let zone = try #require(TimeZone(identifier: "Europe/Berlin"))
    return try await Importer(store, timeZone: zone, isDryRun: isDryRun).run(path, format: format)
}

extension ImportReport {
    /// As fixtures have it: what was rejected, and the counts.
    func text(relativeTo folder: String) -> String {
        let rejections = rejected.map { rejection in
            let file = rejection.file.replacingOccurrences(of: folder + "/", with: "")
            return "\(file):\(rejection.line.map(String.init) ?? "-"): \(rejection.reason)\n"
        }
        let counts = (imported.outputJSON.objectValue ?? [:]).filter { $0.value != 0 }
        let parts = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.compactText)" }
        return rejections.joined()
            + "\(format.rawValue): imported \(parts.isEmpty ? "nothing" : parts.joined(separator: ", "))"
            + ", unchanged \(unchanged), superseded \(superseded)\n"
    }
}

extension Store {
    func run(_ id: String) async throws -> RunDetail { try await runs.detail(RunID(id)) }
}
