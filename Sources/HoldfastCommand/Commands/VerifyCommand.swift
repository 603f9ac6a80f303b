import ArgumentParser
import Holdfast

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Looks for damage in the store.",
        discussion: """
            Checks the files of the store; that every history folds and its summary and the kept counts agree with it; and that \
            every blob is there and whole. Others may go on working. Exits with 3 when something is damaged.

            Example: holdfast verify --format json
            """)

    @OptionGroup var format: FormatOptions
    @OptionGroup var store: StoreArguments

    func run() async throws {
        let report = try await store.openExisting().store.verify()
        let findings = report.findings.map { finding in
            JSONValue.object(["subject": .string(finding.subject), "problem": .string(finding.problem)])
        }
        let checked = report.checked.mapValues { JSONValue.int(Int64($0)) }
        let listing = Listing(
            document: ["ok": .bool(findings.isEmpty), "findings": .array(findings), "checked": .object(checked)],
            elements: findings, columns: ["subject", "problem"])
        try listing.print(format.format) { Self.text(of: report) }
        guard !findings.isEmpty else { return }
        throw CommandFailure(
            .store,
            "\(findings.count == 1 ? "1 problem was" : "\(findings.count) problems were") found; "
                + "restore the store from a backup, or export what is whole")
    }

    private static func text(of report: MaintenanceReport) -> String {
        let checked = report.checked.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let findings = report.findings.map { "\($0.subject.printable): \($0.problem.printable)\n" }.joined()
        return findings + "checked \(checked)" + (report.findings.isEmpty ? ": no damage\n" : "\n")
    }
}
