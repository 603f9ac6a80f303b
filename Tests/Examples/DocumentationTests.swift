import Foundation
import HoldfastEngine
import Testing

@Suite("The samples of the documentation")
struct DocumentationTests {
    @Test("the program in the README is Examples/Bill, which this package builds")
    func program() throws {
        #expect(try Repository.code("swift", in: "README.md") == [Repository.text("Examples/Bill/main.swift")])
    }

    @Test("the program in the README does each step once")
    func programRuns() async throws {
        let folder = try Folder()
        #expect(try await folder.output(ofBuilt: "Bill") == "order 7: 42\norder 7: 42\n")
    }

    @Test(
        "every pipeline in the documentation is valid",
        arguments: ["README.md", "Sources/Holdfast/Documentation.docc/Articles/Pipelines.md"])
    func pipelines(page: String) throws {
        let whole = try Repository.code("yaml", in: page).filter { $0.contains("name:") }
        #expect(!whole.isEmpty)
        for text in whole { _ = try PipelineFile.parse(text, fileName: page) }
    }
}

extension Folder {
    /// What a program that was built beside these tests prints when it runs in this folder.
    func output(ofBuilt name: String) async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: name)
        process.currentDirectoryURL = URL(filePath: path)
        let output = path + "/\(name).out"
        FileManager.default.createFile(atPath: output, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: output)
        let status = await withCheckedContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(returning: 127) }
        }
        #expect(status == 0)
        return String(decoding: try Data(contentsOf: URL(filePath: output)), as: UTF8.self)
    }
}
