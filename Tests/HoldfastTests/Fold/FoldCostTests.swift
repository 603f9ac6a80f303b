import Holdfast
import Testing

/// The fold of a run with four times the tasks costs about four times as much, not sixteen.
@Suite("The fold's cost", .serialized)
struct FoldCostTests {
    enum Shape: CaseIterable {
        case chain, fanOutAndIn, earlyTrigger, foreach, retries, artifacts, steps, resumes, newItems
    }

    private static let small = 500

    @Test("grows with the size of the run", arguments: Shape.allCases)
    func growth(_ shape: Shape) throws {
        let few = try Self.history(shape, Self.small)
        let many = try Self.history(shape, 4 * Self.small)
        // A busy machine makes single measurements long, never short.
        var ratio = Double.infinity
        for _ in 0..<5 where ratio >= 8 {
            ratio = min(ratio, try Self.cost(of: many) / (try Self.cost(of: few)))
        }
        #expect(ratio < 8)
    }

    /// Nanoseconds of one fold: the least of three.
    private static func cost(of events: [Event]) throws -> Double {
        let clock = ContinuousClock()
        var least = Duration.seconds(1000)
        for _ in 0..<3 {
            least = min(least, try clock.measure { _ = try RunFold(id: RunID(unchecked: "r"), events: events) })
        }
        return least / .nanoseconds(1)
    }

    private static func history(_ shape: Shape, _ count: Int) throws -> [Event] {
        let ids = (0..<count).map { TaskID(unchecked: "t\($0)") }
        let items = (0..<count).map { JSONValue.int(Int64($0)) }
        switch shape {
        case .chain:
            return try run(ids.indices.map { task(ids[$0], needs: $0 == 0 ? [] : [ids[$0 - 1]]) }, ids)
        case .fanOutAndIn: return try fan(ids, .allSuccess)
        case .earlyTrigger: return try fan(ids, .oneFailed)
        case .artifacts:
            var run = try TestRun.started(ids.map { task($0) })
            for id in ids { try run.run(InstanceID(id), artifacts: [artifact("\(id)/x", task: id)]) }
            return run.events
        case .steps:
            var run = try TestRun.started(nil)
            for id in ids { try run.apply(.stepCompleted(StepCompleted(task: id, value: 1))) }
            for index in 0..<count { try run.finish(("mapped" as TaskID)[index]) }
            return run.events
        case .foreach, .retries, .resumes, .newItems: return try mapped(shape, items)
        }
    }

    private static func run(_ tasks: [TaskDefinition], _ order: [TaskID]) throws -> [Event] {
        var run = try TestRun.started(tasks)
        for id in order { try run.run(InstanceID(id)) }
        try run.apply(.finished(state: .success, reason: nil))
        return run.events
    }

    /// 1 → n → 1.
    private static func fan(_ ids: [TaskID], _ trigger: Trigger) throws -> [Event] {
        let tasks = [task("first")] + ids.map { task($0, needs: ["first"]) } + [task("last", needs: ids, trigger)]
        var run = try TestRun.started(tasks)
        for id in ["first"] + ids { try run.run(InstanceID(id)) }
        if trigger == .allSuccess { try run.run("last") } else { try run.decide("last", .skipped) }
        try run.apply(.finished(state: .success, reason: nil))
        return run.events
    }

    private static func mapped(_ shape: Shape, _ items: [JSONValue]) throws -> [Event] {
        let m: TaskID = "m"
        let definition = { (items: [JSONValue]) in
            DAGDefinition(
                name: "d", tasks: [task("m", foreach: .items(items), retries: 1), task("b", needs: ["m"], .oneFailed)])
        }
        var run = try TestRun.started(definition(items))
        try run.expand("m", items)
        if shape == .retries {
            for index in items.indices { try run.run(m[index], .upForRetry) }
        }
        for index in items.indices { try run.run(m[index]) }
        if shape == .resumes { for _ in 0..<3 { try run.failAndResume() } }
        if shape == .newItems {
            let others = Array(items.reversed())
            try run.failAndResume(by: definition(others))
            try run.expand("m", others)
        }
        try run.decide("b", .skipped)
        try run.apply(.finished(state: .success, reason: nil))
        return run.events
    }
}
