import Foundation
import Glibc
import Holdfast
import Testing

@testable import HoldfastEngine

@Suite("What a try leaves: XComs and artifacts")
struct TaskOutputsTests {
    let scratch = Scratch()

    // MARK: - XComs

    @Test("the last line of the output is return_value, as JSON when it parses")
    func returnValue() async throws {
        for (log, value) in [
            ("log\n42\n", 42), ("{\"a\": [1, null]}\n\n", ["a": [1, .null]]), ("plain text", "plain text"),
            ("\"quoted\"", "quoted"),
            ("007\n", "007"), ("{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}"), ("true\n", true),
        ] as [(String, JSONValue)] {
            try scratch.write(log, to: "1.log")
            #expect(try await read().xcoms == ["return_value": value])
        }
        try scratch.write("\n \n", to: "1.log")
        #expect(try await read().xcoms == [:])
    }

    @Test("bytes of the output that are not UTF-8 are replaced")
    func brokenOutput() async throws {
        try Data([0x61, 0xFF, 0x62, 0x0A]).write(to: URL(filePath: scratch.path + "/1.log"))
        #expect(try await read().xcoms == ["return_value": "a\u{FFFD}b"])
    }

    @Test("key=value lines are XComs; the last of a key wins, also over the log")
    func outputFile() async throws {
        try scratch.write("from the log", to: "1.log")
        try scratch.write("a=1\r\n\nb=x=y z\nempty=\nlist=[1,2]\na=2\nreturn_value={\"k\":true}", to: "output")
        #expect(
            try await read().xcoms
                == ["a": 2, "b": "x=y z", "empty": "", "list": [1, 2], "return_value": ["k": true]])
    }

    @Test(
        "a bad line is named by its number, never by its value",
        arguments: [
            ("a=1\nhidden value", "line 2 of the output file: invalid: write key=value"),
            ("=hidden", "line 1 of the output file"),
            ("a b=hidden", "a key is 1 to 128"), ("../x=hidden", "a key is 1 to 128"),
            (".x=hidden", "a key is 1 to 128"),
        ])
    func badLines(_ text: String, _ message: String) async throws {
        try scratch.write(text, to: "output")
        try await expectError(.invalid, message)
    }

    @Test("a line that is not UTF-8 is an error")
    func brokenLine() async throws {
        try Data(Array("a=1\nb=".utf8) + [0xFF]).write(to: URL(filePath: scratch.path + "/output"))
        try await expectError(.invalid, "line 2 of the output file: invalid: it is not UTF-8")
    }

    @Test("an XCom holds up to 1 MiB as JSON")
    func limits() async throws {
        let limit = TaskOutputs.xcomLimit
        try scratch.write("a=" + String(repeating: "x", count: limit - 2) + "\n", to: "output")
        #expect(try await read().xcoms["a"]?.stringValue?.utf8.count == limit - 2)
        try scratch.write("a=" + String(repeating: "x", count: limit - 1) + "\n", to: "output")
        try await expectError(.tooLarge, "XCom \"a\": too large: over 1 MiB")
        try scratch.write("a=" + String(repeating: "\"", count: limit / 2) + "\n", to: "output")
        try await expectError(.tooLarge, "XCom \"a\"")
        try scratch.write("", to: "output")
        try scratch.write(String(repeating: "x", count: limit + 1), to: "1.log")
        try await expectError(.tooLarge, "XCom \"return_value\"")
    }

    @Test("an output file that is none, or is far too large, is refused")
    func oddOutputFile() async throws {
        mkfifo(scratch.path + "/output", 0o600)
        try await expectError(.invalid, "the output file")
        unlink(scratch.path + "/output")
        mkdir(scratch.path + "/output", 0o700)
        try await expectError(.invalid, "the output file")
        rmdir(scratch.path + "/output")
        try scratch.write("", to: "output")
        truncate(scratch.path + "/output", TaskOutputs.outputFileLimit + 1)
        try await expectError(.tooLarge, "the output file")
    }

    @Test("secrets are masked in XComs, however they are escaped")
    func secrets() async throws {
        try scratch.write(#"{"t":"s\u0033cret"}"#, to: "1.log")
        try scratch.write("a=my s3cret\n", to: "output")
        let outputs = try await read(masker: try SecretMasker(["S": "s3cret"]))
        #expect(outputs.xcoms == ["return_value": ["t": "***"], "a": "my ***"])
    }

    @Test("nothing left is nothing read")
    func nothing() async throws {
        #expect(try await read() == TaskOutputs(xcoms: [:], artifacts: []))
    }

    // MARK: - Artifacts

    @Test("each file is an artifact of its task, with size and media type")
    func artifacts() async throws {
        try scratch.write("{}", to: "artifacts/orders.json")
        try scratch.write("a,b\n", to: "artifacts/by/day/1.CSV")
        try scratch.write("", to: "artifacts/empty")
        mkdir(scratch.path + "/artifacts/folder", 0o700)
        let files = try await read().artifacts
        #expect(files.map(\.key.rawValue) == ["load/by/day/1.CSV", "load/empty", "load/orders.json"])
        #expect(files.map(\.size) == [4, 0, 2])
        #expect(files.map(\.mediaType) == ["text/csv", "application/octet-stream", "application/json"])
        #expect(try files.map { try scratch.text(at: $0.path) } == ["a,b\n", "", "{}"])
        #expect(try await read(mapIndex: 3).artifacts.first?.key.rawValue == "load/3/by/day/1.CSV")
    }

    @Test("links within the folder stand for what they lead to")
    func innerLinks() async throws {
        try scratch.write("1", to: "artifacts/v1/data.txt")
        symlink("v1", scratch.path + "/artifacts/latest")
        symlink("v1/data.txt", scratch.path + "/artifacts/data")
        let files = try await read().artifacts
        #expect(files.map(\.key.rawValue) == ["load/data", "load/latest/data.txt", "load/v1/data.txt"])
        #expect(Set(files.map(\.path)).count == 1)
    }

    @Test(
        "links that leave the folder, lead nowhere or in a circle are refused by name",
        arguments: [
            ("/etc/passwd", "leads out"), ("../output", "leads out"), ("..", "leads out"), ("nowhere", "to nothing"),
            (".", "that it is in"), ("link", "to nothing"),
        ])
    func badLinks(_ target: String, _ message: String) async throws {
        try scratch.write("a=1", to: "output")
        try scratch.write("", to: "artifacts/fine")
        symlink(target, scratch.path + "/artifacts/link")
        try await expectError(.invalid, "artifact file \"link\"")
        try await expectError(.invalid, message)
    }

    @Test("a folder beside it whose name begins alike is outside")
    func sibling() async throws {
        try scratch.write("", to: "artifacts/fine")
        try scratch.write("", to: "artifacts-other/file")
        symlink("../artifacts-other/file", scratch.path + "/artifacts/link")
        try await expectError(.invalid, "leads out")
    }

    @Test("special files are refused by name and kind")
    func special() async throws {
        try scratch.write("", to: "artifacts/sub/fine")
        mkfifo(scratch.path + "/artifacts/sub/pipe", 0o600)
        try await expectError(.invalid, "artifact file \"sub/pipe\": invalid: it is a named pipe")
    }

    @Test("names that make no key are refused", arguments: [".hidden", "a b", "-x", "ünï", "new\nline"])
    func names(_ name: String) async throws {
        try scratch.write("", to: "artifacts/\(name)")
        try await expectError(.invalid, "artifact file \(quoted(name))")
    }

    @Test("a name that is not UTF-8 is refused")
    func brokenName() async throws {
        try scratch.write("", to: "artifacts/fine")
        let name = Array("\(scratch.path)/artifacts/a".utf8CString.dropLast()) + [CChar(bitPattern: 0xFF), 0]
        close(open(name, O_CREAT | O_WRONLY, 0o600))
        try await expectError(.invalid, "its name is not UTF-8")
    }

    @Test("an artifact folder that is a link or a file is refused")
    func replacedFolder() async throws {
        symlink("/etc", scratch.path + "/artifacts")
        try await expectError(.invalid, "the artifact folder")
        unlink(scratch.path + "/artifacts")
        try scratch.write("", to: "artifacts")
        try await expectError(.invalid, "the artifact folder")
    }

    @Test(
        "a key that is a folder of another is refused",
        arguments: [["a", "a/b"], ["a/b/c/d", "x", "a/b"], ["a-b", "a", "a.b", "a/b"]])
    func clashes(_ keys: [String]) throws {
        let error = try #require(throws: StoreError.self) {
            try ArtifactFolder.refuseClashes(among: try keys.map { try ArtifactKey($0) })
        }
        #expect(error.code == .invalid && error.description.contains("is an artifact too"))
        try ArtifactFolder.refuseClashes(among: [
            try ArtifactKey("a/b"), try ArtifactKey("a-b"), try ArtifactKey("ab/b"),
        ])
    }

    // MARK: -

    private func read(mapIndex: Int? = nil, masker: SecretMasker = .none) async throws -> TaskOutputs {
        try await TaskOutputs.read(
            log: scratch.path + "/1.log", outputFile: scratch.path + "/output",
            artifactFolder: scratch.path + "/artifacts",
            task: try TaskID("load"), mapIndex: mapIndex, masker: masker)
    }

    private func expectError(
        _ code: StoreError.Code, _ message: String, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let error = try await #require(throws: StoreError.self, sourceLocation: location) { try await read() }
        #expect(error.code == code, sourceLocation: location)
        #expect(error.description.contains(message), sourceLocation: location)
        #expect(!error.description.contains("hidden v"), sourceLocation: location)
    }
}
