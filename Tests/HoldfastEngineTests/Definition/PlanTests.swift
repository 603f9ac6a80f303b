import Holdfast
import HoldfastEngine
import Testing

@Suite("Plans")
struct PlanTests {
    private func plan(_ file: String, _ given: [(String, String)] = []) throws -> Plan {
        let definition = try PipelineFile.parse(file, fileName: "pipeline.yaml")
        return try Plan(definition, params: try definition.resolveParams(given: given))
    }

    @Test("tasks stand after what they need, by level and then as in the file")
    func order() throws {
        let plan = try plan(
            """
            name: demo
            tasks:
              report: { needs: [join], run: echo }
              a: { run: echo }
              join: { needs: [b, slow], run: echo }
              b: { run: echo }
              slow: { needs: [a], run: echo }
            on_exit: { run: echo bye }
            on_success: { run: echo fine }
            """)
        #expect(plan.steps.map(\.task.id.rawValue) == ["a", "b", "slow", "join", "report"])
        #expect(plan.steps.map(\.level) == [0, 0, 1, 2, 3])
        #expect(plan.hooks.map(\.task.id.rawValue) == ["on_success", "on_exit"])
    }

    private let valued = """
        name: demo
        params: { n: 1, list: [a, b], text: x }
        env: { ALL: "n is {{ params.n }}" }
        tasks:
          a: { run: echo, when: "{{ params.n }} > 1", foreach: "{{ params.list }}" }
          b:
            needs: [a]
            run: echo
            when: "{{ xcom.a.x }} > 1"
            foreach: "{{ xcom.a.files }}"
            env: { X: "{{ xcom.a.x }}", ALL: "{{ params.text }}" }
          c: { run: echo, foreach: [1, 2], when: "{{ params.list }} < 1" }
          d: { run: echo, foreach: "{{ params.text }}" }
        """

    @Test(
        "what parameters settle is shown as a value, what tasks leave as it is written, what must fail with the reason")
    func values() throws {
        let plan = try plan(valued, [("n", "2")])
        let (a, b, c, d) = (plan.steps[0], plan.steps[3], plan.steps[1], plan.steps[2])
        #expect(a.items == .known(["a", "b"]))
        #expect(a.isWanted == .known(true))
        #expect(a.env == ["ALL": .known("n is 2")])
        #expect(b.items == .later("{{ xcom.a.files }}"))
        #expect(b.isWanted == .later("{{ xcom.a.x }} > 1"))
        #expect(b.env == ["ALL": .known("x"), "X": .later("{{ xcom.a.x }}")])
        #expect(c.items == .known([1, 2]))
        #expect(c.isWanted == .failing(.notComparable("< can't compare a list with a number")))
        #expect(d.items == .failing(.notAList(path: "params.text", found: "text")))
        #expect(d.isWanted == nil)
    }

    @Test("the key of a cached task is shown as far as it is known")
    func cacheKey() throws {
        let plan = try plan(
            """
            name: demo
            params: { n: 1 }
            tasks:
              a: { run: echo, cache: { key: [v1, "{{ params.n }}"], ttl: 2h } }
              b: { needs: [a], run: echo, cache: { key: ["{{ xcom.a.x }}"] } }
              c: { run: echo }
            """)
        let (a, c, b) = (plan.steps[0], plan.steps[1], plan.steps[2])
        #expect(a.cacheKey == [.known("v1"), .known("1")])
        #expect(b.cacheKey == [.later("{{ xcom.a.x }}")])
        #expect(a.task.cache?.timeToLive == .seconds(7200) && b.task.cache?.timeToLive == nil)
        #expect(c.cacheKey == nil && c.task.cache == nil)
    }

    @Test("a plan names the version it was made from")
    func version() throws {
        let definition = try PipelineFile.parse(valued, fileName: "pipeline.yaml")
        #expect(try plan(valued).version == definition.version)
    }
}
