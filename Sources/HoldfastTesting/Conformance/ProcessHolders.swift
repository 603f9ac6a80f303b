import Holdfast
import Testing

// Who runs a process holds it; what becomes of it when they die.

extension StoreConformance {
    static let processHolders: [ConformanceCase] = [
        ConformanceCase(
            "B, Behaviours: after a restart running becomes failed, cancelling becomes cancelled, queued stays"
        ) {
            bench in
            try await bench.leaveBehind([.queued, .running, .cancelling])
            let shown: [(String, ProcessStatus)] = [
                ("p-queued", .queued), ("p-running", .failed), ("p-cancelling", .cancelled),
            ]
            for (name, status) in shown {
                let id = ProcessID(unchecked: name)
                #expect(try await bench.processes.summary(id).status == status)
                #expect(try await bench.processes.get(id).status == status)
                #expect(try await bench.processes.list(ProcessQuery(statuses: [status])).elements.map(\.id) == [id])
            }
            #expect(try await bench.processes.list(ProcessQuery(statuses: [.running, .cancelling])).elements == [])
            let error = try await bench.processes.get(ProcessID(unchecked: "p-running")).error
            #expect(error?.contains(WorkerInfo.sample("far").location) == true)
        },
        ConformanceCase("what became of a dead worker's process is written with an event, once") { bench in
            try await bench.leaveBehind([.queued, .running, .cancelling])
            let page = try await bench.processes.list()
            #expect(page.elements.filter(\.isAbandoned).count == 2)
            let other = try await bench.beside()
            async let first = bench.processes.settled(page)
            async let second = other.views(of: "second").processes.settled(page)
            let shown = page.elements.map(\.status)
            #expect(try await first.elements.map(\.status) == shown)
            #expect(try await second.elements.map(\.status) == shown)
            for (name, status) in [("p-running", ProcessStatus.failed), ("p-cancelling", .cancelled)] {
                let ends = try await bench.events(.process(named: name)).filter { event in
                    if case .processChanged(let change) = event.payload { change.status == status } else { false }
                }
                #expect(ends.count == 1)
            }
            #expect(try await bench.processes.list().elements.filter(\.isAbandoned) == [])
            #expect(try await bench.store.summary(of: .process(named: "p-running")).folded.state == .failed)
            try await bench.verifies()
        },
        ConformanceCase("a process that runs without a holder stays running") { bench in
            let id = ProcessID(unchecked: "p")
            try await bench.processes.add(.sample("p", status: .running, start: bench.now))
            try await bench.processes.update(id, ProcessUpdate(fields: [.title: "t"]))
            try await bench.processes.update(id, ProcessUpdate(error: .set("e")))
            bench.clock.advance(by: .days(2))
            #expect(try await bench.processes.summary(id).status == .running)
            #expect(try await bench.processes.list(ProcessQuery(statuses: [.running])).elements.map(\.id) == [id])
            try await bench.processes.update(id, ProcessUpdate(status: .completed))
            #expect(try await bench.processes.get(id).status == .completed)
        },
        ConformanceCase("a holder that gave a process back is not missed when it dies") { bench in
            let id = ProcessID(unchecked: "p")
            try await bench.processes.add(.sample("p", status: .running, start: bench.now))
            let holder = bench.views(of: "far").processes
            try await holder.claim(id)
            try await holder.release(id)
            bench.clock.advance(by: .seconds(60))
            #expect(try await bench.processes.summary(id).status == .running)
            try await bench.verifies()
        },
        ConformanceCase("the holder's changes go on under its lease; others are refused as leaseHeld") { bench in
            let id = ProcessID(unchecked: "p")
            try await bench.processes.add(.sample("p", start: bench.now))
            let holder = bench.views(of: "far").processes
            let lease = try await holder.claim(id)
            try await bench.refuses(.leaseHeld) {
                try await bench.processes.update(id, ProcessUpdate(status: .running))
            }
            try await bench.refuses(.leaseHeld) { _ = try await bench.processes.claim(id) }
            try await holder.update(id, ProcessUpdate(status: .running))
            bench.clock.advance(by: .seconds(20))
            #expect(try await holder.renew([lease]).lost == [])
            bench.clock.advance(by: .seconds(20))
            #expect(try await bench.processes.summary(id).status == .running)
            try await bench.processes.update(id, ProcessUpdate(fields: [.customTitle: "by anyone"]))
            try await holder.update(id, ProcessUpdate(status: .completed, fields: [.result: "done"]))
            #expect(try await bench.store.summary(of: .process(id)).lease?.isLive == false)
            let record = try await bench.processes.get(id)
            #expect(record.status == .completed && record.result == "done" && record.customTitle == "by anyone")
            try await bench.verifies()
        },
        ConformanceCase("a holder that was taken for dead can't write any more") { bench in
            try await bench.leaveBehind([.running])
            let id = ProcessID(unchecked: "p-running")
            try await bench.processes.settle(try await bench.processes.summary(id))
            try await bench.refuses(.illegalTransition) {
                try await bench.views(of: "far").processes.update(id, ProcessUpdate(status: .completed))
            }
            try await bench.processes.update(id, ProcessUpdate(status: .running))
            #expect(try await bench.processes.get(id).error == nil)
        },
        ConformanceCase("cancel ends what waits at once, and asks who runs it otherwise") { bench in
            try await bench.processes.add(.sample("q", start: bench.now))
            #expect(try await bench.processes.cancel(ProcessID(unchecked: "q")) == .cancelled)
            #expect(try await bench.processes.cancel(ProcessID(unchecked: "q")) == .unchanged(.cancelled))
            let id = ProcessID(unchecked: "p")
            try await bench.processes.add(.sample("p", start: bench.now))
            let holder = bench.views(of: "far").processes
            let lease = try await holder.claim(id)
            #expect(try await bench.processes.cancel(id, reason: "enough") == .requested)
            #expect(try await holder.renew([lease]).cancelled == [.process(id)])
            #expect(try await bench.processes.summary(id).status == .queued)
            try await holder.update(id, ProcessUpdate(status: .running))
            #expect(try await bench.processes.summary(id).status == .cancelling)
            #expect(try await bench.processes.get(id).status == .cancelling)
            #expect(try await bench.processes.cancel(id) == .requested)
            try await holder.update(id, ProcessUpdate(status: .cancelled))
            #expect(try await bench.processes.summary(id).status == .cancelled)
            try await bench.processes.update(id, ProcessUpdate(status: .running))
            #expect(try await bench.processes.summary(id).status == .running)
            #expect(try await bench.processes.get(id).status == .running)
            try await bench.processes.update(id, ProcessUpdate(status: .cancelling))
            #expect(try await bench.processes.summary(id).status == .cancelling)
            try await bench.verifies()
        },
        ConformanceCase("of many changes of one status at once each is made whole or refused") { bench in
            let id = ProcessID(unchecked: "p")
            try await bench.processes.add(.sample("p", status: .running, start: bench.now))
            let other = try await bench.beside()
            let outcomes = try await outcomesAtOnce(count: 24) { index in
                let views = (index % 2 == 0 ? bench : other).views(of: "worker-\(index)")
                let status: ProcessStatus = index % 3 == 0 ? .cancelling : index % 3 == 1 ? .completed : .failed
                try await views.processes.update(id, ProcessUpdate(status: status))
            }
            let refusals: Set<StoreError.Code> = [.illegalTransition, .leaseHeld]
            #expect(outcomes.compactMap { $0 }.allSatisfy { refusals.contains($0.code) })
            let record = try await bench.processes.get(id)
            #expect(record.status == .completed || record.status == .failed)
            #expect(try await bench.processes.summary(id).status == record.status)
            try await bench.verifies()
        },
    ]
}

extension Workbench {
    /// Adds processes `p-STATUS` that a worker holds, which then dies.
    fileprivate func leaveBehind(_ statuses: [ProcessStatus]) async throws {
        let holder = views(of: "far").processes
        for status in statuses {
            let id = ProcessID(unchecked: "p-\(status)")
            try await processes.add(.sample(id.rawValue, start: now))
            try await holder.claim(id)
            guard status != .queued else { continue }
            try await holder.update(id, ProcessUpdate(status: .running))
            if status == .cancelling { _ = try await processes.cancel(id) }
        }
        clock.advance(by: .seconds(60))
    }
}
