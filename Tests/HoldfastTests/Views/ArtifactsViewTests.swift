import Holdfast
import Testing

@Suite("Artifacts")
struct ArtifactsViewTests {
    let fixture = ViewsFixture()
    var artifacts: ArtifactsView { fixture.views.artifacts }

    @Test("bytes are saved, replaced, got whole and in part, and deleted")
    func roundTrips() async throws {
        let run = try await fixture.createETL()
        let key = try ArtifactKey("report/index.html")
        try await artifacts.save(run, key, Array("old".utf8))
        let saved = try await artifacts.save(
            run, key, Array("<html>".utf8), mediaType: "text/html", metadata: ["title": "Report"])
        #expect(saved.size == 6)
        #expect(try await artifacts.get(run, key) == Array("<html>".utf8))
        #expect(try await artifacts.stream(run, key, range: 1..<5).collect() == Array("html".utf8))
        #expect(try await artifacts.reference(run, key) == saved)
        #expect(try await artifacts.exists(run, key))
        #expect(try await artifacts.delete(run, key))
        #expect(try await artifacts.delete(run, key) == false)
        #expect(try await artifacts.exists(run, key) == false)
    }

    @Test("a stream is saved piece by piece")
    func streams() async throws {
        let run = try await fixture.createETL()
        let pieces = AsyncStream<[UInt8]> { continuation in
            for byte in 1...3 as ClosedRange<UInt8> { continuation.yield([byte]) }
            continuation.finish()
        }
        let saved = try await artifacts.save(run, try ArtifactKey("bytes"), ByteStream(pieces))
        #expect(saved.digest == Digest(of: [1, 2, 3] as [UInt8]))
        #expect(try await artifacts.get(run, saved.key) == [1, 2, 3])
    }

    @Test("keys are listed and cleared by prefix")
    func lists() async throws {
        let run = try await fixture.createETL()
        for key in ["b/2", "a/1", "b/1"] { try await artifacts.save(run, try ArtifactKey(key), [1]) }
        #expect(try await artifacts.list(run).map(\.key.rawValue) == ["a/1", "b/1", "b/2"])
        #expect(try await artifacts.list(run, prefix: "b/").map(\.key.rawValue) == ["b/1", "b/2"])
        #expect(try await artifacts.clear(run, prefix: "b/") == 2)
        #expect(try await artifacts.clear(run) == 1)
        #expect(try await artifacts.clear(run) == 0)
    }

    @Test("a key that is a folder of another is refused")
    func refusesClashes() async throws {
        let run = try await fixture.createETL()
        try await artifacts.save(run, try ArtifactKey("a/b"), [1])
        for key in ["a", "a/b/c"] {
            #expect(
                await error { try await artifacts.save(run, try ArtifactKey(key), [1]) }?.code == .illegalTransition)
        }
    }

    @Test("keys that leave their folder can't be made", arguments: ["..", "a/../b", "/a", "a//b", "a/", "", "a\nb"])
    func refusesKeys(_ key: String) async {
        #expect(await error { _ = try ArtifactKey(key) }?.code == .invalid)
    }

    @Test("what is missing is not found, with a similar key; so is an unknown run")
    func missing() async throws {
        let run = try await fixture.createETL()
        try await artifacts.save(run, try ArtifactKey("report.html"), [1])
        let unknown = await error { _ = try await artifacts.get(run, try ArtifactKey("report.htm")) }
        #expect(unknown?.code == .notFound)
        #expect(unknown?.detail == "did you mean report.html?")
        let strange = await error { try await artifacts.save(try RunID("none"), try ArtifactKey("a"), [1]) }
        #expect(strange?.code == .notFound)
    }
}
