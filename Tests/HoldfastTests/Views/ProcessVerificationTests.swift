import Holdfast
import HoldfastTesting
import Testing

@Suite("Verification of processes")
struct ProcessVerificationTests {
    let fixture = ViewsFixture()

    private func addProcess() async throws {
        let id = ProcessID(unchecked: "p")
        try await fixture.views.processes.add(.full("p", start: fixture.clock.now()))
        try await fixture.views.processes.update(id, ProcessUpdate(status: .running, fields: [.title: "t"]))
        try await fixture.views.processes.appendTurn(id, ConversationTurn(role: "user", content: "x"))
        try await fixture.views.processes.cancel(id)
        try await fixture.views.processes.update(id, ProcessUpdate(status: .cancelled))
    }

    private func findings(_ proxy: StoreProxy) async throws -> [String] {
        try await proxy.verify().findings.map { "\($0.subject): \($0.problem)" }
    }

    @Test("a sound process has no findings")
    func sound() async throws {
        try await addProcess()
        let report = try await fixture.store.verify()
        #expect(report.findings == [] && report.checked["histories"] == 1 && report.checked["events"] == 8)
    }

    @Test("a history that does not fold is found, with the sequence")
    func illegalHistory() async throws {
        try await addProcess()
        let proxy = StoreProxy(
            fixture.store,
            event: { _, event in
                var event = event
                if event.sequence == 4 { event.payload = .processChanged(ProcessChange(status: .completed)) }
                return event
            })
        let found = try await findings(proxy)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("process p: event 4 (process_changed) does not fold: ") == true)
    }

    @Test("a summary that differs from its fold is found, column by column")
    func wrongSummary() async throws {
        try await addProcess()
        let proxy = StoreProxy(
            fixture.store,
            summary: { summary in
                var summary = summary
                summary.folded.failureReason = "secret"
                summary.metadata["title"] = "secret"
                summary.cancelRequestedAt = nil
                summary.parent = nil
                return summary
            })
        #expect(
            try await findings(proxy) == [
                "process p: failure_reason differs",
                "process p: parent_process_id differs: none in its summary, parent in its history",
                "process p: metadata differs",
                "process p: cancelling differs: false in its summary, true in its history",
            ])
    }
}

@Suite("A turn that streams")
struct TurnStreamTests {
    let fixture = ViewsFixture()
    let id = ProcessID(unchecked: "p")

    @Test("pieces that can't be written are told once, written later, and the end loses nothing")
    func failures() async throws {
        try await fixture.views.processes.add(.sample("p", start: fixture.clock.now()))
        let proxy = StoreProxy(
            fixture.store,
            beforeCommit: { changeset in
                guard case .turnStreamed(let piece)? = changeset.appends.first?.events.last?.payload else { return }
                guard !piece.text.hasSuffix("b") else { throw StoreError(.full, subject: "disk") }
            })
        let stream = Views(proxy, clock: fixture.clock).processes.streamTurn(
            id, role: "assistant", batching: TurnStream.Batching(interval: .seconds(3600), size: 4))
        try await stream.write("aaaa")
        let error = await #expect(throws: StoreError.self) { try await stream.write("bbbb") }
        #expect(error?.code == .full)
        #expect(try await fixture.views.processes.turns(id).map(\.turn.content) == ["aaaa"])
        try await stream.write("c")
        #expect(try await fixture.views.processes.turns(id).map(\.turn.content) == ["aaaabbbbc"])
        await #expect(throws: StoreError.self) { try await stream.write("dddb") }
        try await stream.finish()
        let turns = try await fixture.views.processes.turns(id)
        #expect(turns.map(\.turn.content) == ["aaaabbbbcdddb"] && !turns[0].isStreaming)
    }

    @Test("a turn of an unknown process is refused when it is first written")
    func unknown() async throws {
        let stream = fixture.views.processes.streamTurn(
            id, role: "assistant", batching: TurnStream.Batching(interval: .seconds(3600), size: 4))
        let error = await #expect(throws: StoreError.self) { try await stream.write("aaaa") }
        #expect(error?.code == .notFound)
        await #expect(throws: StoreError.self) { try await stream.finish() }
    }
}
