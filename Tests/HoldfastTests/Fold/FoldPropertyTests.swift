import BitCollections
import Holdfast
import HoldfastTesting
import Testing

@Suite("Random histories")
struct FoldPropertyTests {
    /// One random life: what an executor does, mixed with what nobody should do.
    private struct Life {
        var generator: SeededGenerator
        var run = TestRun()
        var folds: [RunFold] = []
        var refusals = 0

        init(seed: UInt64, isPipeline: Bool) throws {
            generator = SeededGenerator(seed: seed)
            run = try TestRun.created(isPipeline ? generator.graph() : nil)
            folds = [run.fold]
            try run.claim()
            folds.append(run.fold)
        }

        mutating func live(for steps: Int) throws {
            for _ in 0..<steps {
                if run.fold.state == .success, !generator.once(in: 10) { return }
                try step()
            }
        }

        mutating func step() throws {
            let before = run.fold
            if generator.once(in: 20) || !before.state.isActive && before.state != .queued && generator.once(in: 2) {
                try run.claim(takenOverFrom: generator.maybe { _ in "w0" })
            } else {
                let payload = generator.once(in: 5) ? generator.unlikelyEvent(before) : generator.likelyEvent(before)
                do throws(StoreError) {
                    try run.apply(payload)
                    checkSuccesses(before, payload)
                } catch {
                    #expect([.illegalTransition, .invalid].contains(error.code))
                    #expect(run.fold == before, "\(payload) was refused but changed something")
                    refusals += 1
                    return
                }
            }
            folds.append(run.fold)
            Recount.check(run.fold, "after \(run.events.last?.payload.type ?? "") (\(run.events.count))")
        }

        /// By the same definition, a resume gives up no success.
        private func checkSuccesses(_ before: RunFold, _ payload: EventPayload) {
            guard case .resumed(let resumed) = payload, resumed.definition == nil, resumed.params.isEmpty else {
                return
            }
            for node in before.nodes where node.hook == nil {
                for instance in node.slots.map({ before.instances[$0] }) where instance.state == .success {
                    #expect(run.fold.instance(instance.id) == instance.moved(to: run.fold))
                }
            }
        }

        /// Does whatever is left, well, to the end.
        mutating func end() throws {
            if !run.fold.state.isActive, run.fold.state != .queued { try run.claim() }
            switch run.fold.state {
            case .success: return
            case .queued: try run.apply(.started)
            case .running, .waiting: break
            case .interrupted, .failed, .cancelled: try run.apply(.resumed(Resumed()))
            }
            for _ in 0..<500 where run.fold.openNodes > 0 || !run.fold.running.isEmpty || !run.fold.retries.isEmpty {
                try endOne()
            }
            #expect(run.fold.openNodes == 0, "something was left that can't be done")
            try run.apply(.finished(state: run.fold.outcome, reason: nil))
            Recount.check(run.fold)
        }

        private mutating func endOne() throws {
            let fold = run.fold
            if let slot = fold.running.first {
                try run.finish(fold.instances[slot].id)
            } else if let retry = fold.retries.first {
                try run.start(fold.instances[retry.slot].id)
            } else if let index = fold.ready.first {
                try settle(fold.nodes[index], fold.judge(index))
            } else if let open = fold.nodes.flatMap(\.slots).first(where: { !fold.instances[$0].state.isTerminal }) {
                // Tasks recorded as they come are never ready.
                #expect(fold.definition == nil)
                try run.finish(fold.instances[open].id)
            }
        }

        private mutating func settle(_ node: TaskNode, _ judgement: TriggerJudgement?) throws {
            let id = run.fold.instances[node.slots[try #require(node.pending.first)]].id
            switch judgement {
            case .run where node.needsExpansion: try run.expand(node.id, [1, 2])
            case .run: try run.start(id)
            case .skip: try run.decide(id, .skipped)
            case .upstreamFailed: try run.decide(id, .upstreamFailed)
            case nil: Issue.record("\(node.id) is ready, but can't be judged")
            }
        }
    }

    @Test(
        "pipelines: counted right, folded again the same, refused without a trace, never stuck",
        arguments: 1...60 as ClosedRange<UInt64>)
    func pipelines(_ seed: UInt64) throws { try check(seed: seed, isPipeline: true) }

    @Test("tasks recorded as they come: the same", arguments: 1...10 as ClosedRange<UInt64>)
    func workflows(_ seed: UInt64) throws { try check(seed: seed, isPipeline: false) }

    private func check(seed: UInt64, isPipeline: Bool) throws {
        print("random history, seed \(seed)")
        var life = try Life(seed: seed, isPipeline: isPipeline)
        try life.live(for: 120)
        #expect(life.run.events.count == life.folds.count)
        var again = RunFold(id: life.run.fold.id)
        for (event, fold) in zip(life.run.events, life.folds) {
            try again.apply(event)
            #expect(again == fold, "the prefix of \(event.sequence) folds to something else")
        }
        let stored = try life.run.events.map { event in
            var event = event
            event.payload = try EventCodec.decode(EventCodec.encode(event.payload))
            return event
        }
        #expect(stored == life.run.events)
        #expect(try RunFold(id: life.run.fold.id, events: stored) == life.run.fold)
        try life.end()
    }

    @Test("the random histories are worth something")
    func coverage() throws {
        var types: [String: Int] = [:]
        var states: Set<TaskState> = []
        var (refusals, mended) = (0, 0)
        for seed in 1...60 as ClosedRange<UInt64> {
            var life = try Life(seed: seed, isPipeline: true)
            try life.live(for: 120)
            for event in life.run.events {
                types[event.payload.type, default: 0] += 1
                if case .resumed(let resumed) = event.payload, resumed.definition != nil { mended += 1 }
            }
            for fold in life.folds { states.formUnion(fold.taskCounts.keys) }
            refusals += life.refusals
        }
        #expect(types["resumed", default: 0] > 50 && mended > 20 && refusals > 200)
        #expect(types["task_expanded", default: 0] > 20 && types["task_marked", default: 0] > 20)
        #expect(types["taken_over", default: 0] > 20 && types["task_finished", default: 0] > 200)
        #expect(
            states.isSuperset(of: [
                .pending, .running, .upForRetry, .success, .failed, .skipped, .upstreamFailed, .cancelled,
            ]))
    }
}

extension TaskInstance {
    /// The same, but for where the fold keeps it.
    fileprivate func moved(to fold: RunFold) -> TaskInstance? {
        guard let there = fold.instance(id) else { return nil }
        guard (there.state, there.tryNumber, there.maxTries) == (state, tryNumber, maxTries), there.xcoms == xcoms,
            there.startedAt == startedAt, there.endedAt == endedAt, there.item == item, there.isMarked == isMarked
        else { return nil }
        return there
    }
}
