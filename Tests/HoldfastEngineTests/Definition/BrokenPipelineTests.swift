import HoldfastEngine
import Testing

/// Each `NNN-name.yaml` in `Fixtures/broken` stands beside `NNN-name.expected`, which holds all of its problems.
@Suite("Broken pipeline files")
struct BrokenPipelineTests {
    static let files = Fixtures.names(in: "broken", ending: ".yaml")

    @Test("there are at least 60 of them")
    func areMany() {
        #expect(Self.files.count >= 60)
    }

    @Test("every problem is found, at its place, in these words", arguments: files)
    func problems(of file: String) throws {
        let bytes = try Fixtures.bytes("broken/\(file)")
        let expected = try Fixtures.text("broken/\(file.dropLast(5)).expected")
        let problems = #expect(throws: PipelineProblems.self) { try PipelineFile.parse(bytes, fileName: file) }
        #expect(problems.map { "\($0)\n" } == expected)
    }
}
