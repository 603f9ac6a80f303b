import Foundation
import Testing

@testable import Holdfast

@Suite("The default data folder")
struct DataFolderTests {
    @Test("is .holdfast in the home folder, unless HOLDFAST_HOME names another")
    func path() throws {
        #expect(try DataFolder.path { ["HOME": "/home/ann"][$0] } == "/home/ann/.holdfast")
        #expect(try DataFolder.path { ["HOME": "/"][$0] } == "/.holdfast")
        #expect(try DataFolder.path { ["HOME": "/home/ann", "HOLDFAST_HOME": ""][$0] } == "/home/ann/.holdfast")
        #expect(try DataFolder.path { ["HOLDFAST_HOME": "/data/x"][$0] } == "/data/x")
        for environment in [["HOLDFAST_HOME": "x"], ["HOME": "home"], [:]] {
            let error = #expect(throws: StoreError.self) { try DataFolder.path { environment[$0] } }
            #expect(error?.code == .invalid)
        }
    }

    @Test("is made for its owner alone, with the folders above it; again, it stays as it is")
    func make() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "holdfast-data-\(UUID().uuidString)").path
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: root) } }
        try DataFolder.make(at: root + "/a/b")
        for folder in ["", "/a", "/a/b"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: root + folder)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
        }
        try Data("kept".utf8).write(to: URL(filePath: root + "/a/b/file"))
        try DataFolder.make(at: root + "/a/b")
        #expect(FileManager.default.fileExists(atPath: root + "/a/b/file"))
        let error = #expect(throws: StoreError.self) { try DataFolder.make(at: root + "/a/b/file/c") }
        #expect(error?.code == .invalid)
    }
}
