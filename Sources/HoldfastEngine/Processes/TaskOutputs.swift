package import Holdfast
import SystemPackage

/// What one try of a task leaves for later ones.
package struct TaskOutputs: Sendable, Hashable {
    /// The key under which the last line of the standard output is kept.
    package static let returnValue = "return_value"
    /// The largest XCom, as JSON, in bytes.
    package static let xcomLimit = 1 << 20
    /// The largest file of `key=value` lines, in bytes.
    package static let outputFileLimit = 64 << 20
    /// The most files that a try may leave as artifacts.
    package static let artifactLimit = 50_000

    /// Secrets masked.
    package let xcoms: [String: JSONValue]
    /// By key.
    package let artifacts: [ArtifactFile]
}

extension TaskOutputs {
    /// Reads the outputs of a try whose processes have ended.
    ///
    /// - The last line of the log that is not blank is `return_value`: as JSON when it parses, else as a string in
    ///   which bytes that are not UTF-8 are replaced.
    /// - Each line `key=value` of the output file is an XCom, its value parsed the same way; empty lines are skipped.
    ///   These are written on purpose: what is not UTF-8 is an error. The last of several lines with a key wins, and
    ///   `return_value` set there wins over the log.
    /// - Each file below the artifact folder is an artifact `<task>/<path>`, or `<task>/<map_index>/<path>`.
    ///
    /// - Parameters:
    ///   - outputFile: need not exist, nor need `artifactFolder`.
    /// - Throws: `tooLarge` for an XCom of over 1 MiB, an output file of over 64 MiB or more than 50,000 artifacts,
    ///   `invalid` for a bad line or file, or a name that shows a secret, each naming the key, line or file and never a
    ///   value; `unavailable` when something can't be read.
    @concurrent
    package static func read(
        log: String, outputFile: String, artifactFolder: String, task: TaskID, mapIndex: Int?,
        masker: SecretMasker = .none
    ) async throws(StoreError) -> TaskOutputs {
        var xcoms: [String: JSONValue] = [:]
        switch try LogTail.lastLine(of: log, limit: xcomLimit) {
        case .none: break
        case .line(let line): xcoms[returnValue] = try xcom(line, key: returnValue, masker)
        case .tooLong: throw tooLarge(returnValue)
        }
        let lines = OutputFile(path: outputFile)
        for (key, value) in try lines.entries() { xcoms[key] = try xcom(value, key: key, masker) }
        let prefix = mapIndex.map { "\(task)/\($0)" } ?? task.rawValue
        let artifacts = try ArtifactFolder.files(in: artifactFolder, prefix: prefix)
        try refuseSecrets(in: xcoms.keys, of: "XCom", masker)
        try refuseSecrets(in: artifacts.lazy.map(\.key.rawValue), of: "artifact", masker)
        return TaskOutputs(xcoms: xcoms, artifacts: artifacts)
    }

    /// Names are recorded as they are: masked, they would name something else.
    private static func refuseSecrets(
        in names: some Sequence<String>, of noun: String, _ masker: SecretMasker
    ) throws(StoreError) {
        for name in names {
            let masked = masker.mask(name)
            guard masked == name else {
                throw StoreError(
                    .invalid, subject: "\(noun) \(quoted(masked))", detail: "its name shows a secret; give it another")
            }
        }
    }

    private static func xcom(_ text: String, key: String, _ masker: SecretMasker) throws(StoreError) -> JSONValue {
        guard text.utf8.count <= xcomLimit else { throw tooLarge(key) }
        // A text that is no JSON is a string.
        let value = masker.mask((try? JSONValue(parsing: text)) ?? .string(text))
        // Escapes may make the stored form longer than the text.
        guard text.utf8.count < xcomLimit / 6 || value.encoded().count <= xcomLimit else { throw tooLarge(key) }
        return value
    }

    private static func tooLarge(_ key: String) -> StoreError {
        StoreError(
            .tooLarge, subject: "XCom \(quoted(key))", detail: "over 1 MiB; leave large results as artifacts")
    }
}

/// The file of `key=value` lines that a task appends to.
private struct OutputFile {
    let path: String

    func entries() throws(StoreError) -> [(key: String, value: String)] {
        var entries: [(key: String, value: String)] = []
        let lines = try bytes().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if !line.isEmpty { entries.append(try entry(line, number: index + 1)) }
        }
        return entries
    }

    private func entry(_ line: ArraySlice<UInt8>, number: Int) throws(StoreError) -> (key: String, value: String) {
        guard let text = String(validating: line, as: UTF8.self) else { throw bad(number, "it is not UTF-8") }
        guard let sign = text.firstIndex(of: "=") else { throw bad(number, "write key=value") }
        let key = String(text[..<sign])
        guard TaskID.isValid(key) else {
            throw bad(number, "a key is 1 to 128 of A-Z a-z 0-9 . _ - and begins with a letter or a digit")
        }
        return (key, String(text[text.index(after: sign)...]))
    }

    private func bad(_ line: Int, _ why: String) -> StoreError {
        StoreError(.invalid, subject: "line \(line) of the output file", detail: why)
    }

    private func bytes() throws(StoreError) -> [UInt8] {
        guard let file = try LogFile.read(path) else { return [] }
        defer { try? file.close() }
        guard case .file = FileKind(of: path) else {
            throw StoreError(.invalid, subject: "the output file", detail: "the task made something else of it")
        }
        let size = try LogFile.size(of: file, path: path)
        guard size <= Int64(TaskOutputs.outputFileLimit) else {
            throw StoreError(
                .tooLarge, subject: "the output file", detail: "over 64 MiB; leave large results as artifacts")
        }
        return try LogFile.bytes(of: file, from: 0, limit: Int(size), path: path)
    }
}
