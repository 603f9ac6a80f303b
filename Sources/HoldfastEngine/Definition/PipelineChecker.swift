import Holdfast

/// Checks what a draft's parts say about each other: needs, circles, templates, variables.
struct PipelineChecker {
    let draft: PipelineDraft
    let source: SourceText
    var problems: ProblemList
    let names: TemplateNames
    /// Where each task stands in `draft.tasks`.
    let indices: [String: Int]
    /// The known tasks that each task needs, by index.
    private(set) var upstream: [[Int]]
    /// How many mistyped names may still be compared with all tasks: each costs a pass over them.
    private var suggestions = 200
    /// The last search that came by each task, so that a search needs no set of its own.
    private var seenInRound: [Int]
    private var round = 0

    init(_ draft: PipelineDraft, source: SourceText, problems: ProblemList) {
        self.draft = draft
        self.source = source
        self.problems = problems
        let indices = Dictionary(
            draft.tasks.enumerated().map { ($0.element.id, $0.offset) }, uniquingKeysWith: { first, _ in first })
        self.indices = indices
        names = TemplateNames(tasks: Set(indices.keys), params: Set(draft.params.map(\.name)))
        upstream = draft.tasks.map { task in task.needs.compactMap { indices[$0.value] } }
        seenInRound = [Int](repeating: 0, count: draft.tasks.count)
    }

    mutating func check() {
        checkNeeds()
        checkCircles()
        checkTemplates()
        checkVariables()
    }

    private mutating func checkNeeds() {
        for task in draft.tasks {
            for need in task.needs where indices[need.value] == nil {
                suggestions -= 1
                let near = suggestions > 0 ? Spelling.nearest(to: need.value, in: indices.keys) : nil
                let advice = near.map { "did you mean \(quoted($0))?" } ?? "name a task of this file"
                problems.add(need.position, "\"needs\" names the unknown task \(quoted(need.value)); \(advice)")
            }
        }
    }

    // MARK: - Circles

    /// Shows up to 20 circles, each task in one of them at most.
    private mutating func checkCircles() {
        var rest = tasksNotOrdered()
        var shown = 0
        for index in draft.tasks.indices where rest.contains(index) && shown < 20 {
            guard let circle = circle(through: index, within: rest) else {
                rest.remove(index)
                continue
            }
            rest.subtract(circle)
            shown += 1
            report(circle)
        }
    }

    private mutating func report(_ circle: [Int]) {
        let ids = (circle + [circle[0]]).map { draft.tasks[$0].id }
        let next = draft.tasks[circle.count > 1 ? circle[1] : circle[0]].id
        let need = draft.tasks[circle[0]].needs.first { $0.value == next }
        let position = need?.position ?? draft.tasks[circle[0]].position
        let path = ids.count > 21 ? ids.prefix(10) + ["…"] + ids.suffix(10) : ids[...]
        problems.add(
            position,
            "tasks need each other in a circle: \(path.joined(separator: " → ")); remove one of these \"needs\"")
    }

    /// The tasks that no order can hold: those in circles, and those behind them.
    private func tasksNotOrdered() -> Set<Int> {
        var remaining = upstream.map(\.count)
        var downstream = [[Int]](repeating: [], count: upstream.count)
        for (index, needs) in upstream.enumerated() { for need in needs { downstream[need].append(index) } }
        var ready = remaining.indices.filter { remaining[$0] == 0 }
        var rest = Set(remaining.indices)
        while let index = ready.popLast() {
            rest.remove(index)
            for next in downstream[index] {
                remaining[next] -= 1
                if remaining[next] == 0 { ready.append(next) }
            }
        }
        return rest
    }

    /// A shortest way from a task over its needs back to itself.
    private func circle(through start: Int, within tasks: Set<Int>) -> [Int]? {
        var cameFrom: [Int: Int] = [:]
        var queue = [start]
        var head = 0
        while head < queue.count {
            let index = queue[head]
            head += 1
            for need in upstream[index] where tasks.contains(need) {
                if need == start { return way(to: index, from: start, cameFrom) }
                guard cameFrom[need] == nil else { continue }
                cameFrom[need] = index
                queue.append(need)
            }
        }
        return nil
    }

    private func way(to end: Int, from start: Int, _ cameFrom: [Int: Int]) -> [Int] {
        var way = [end]
        while let last = way.last, last != start, let previous = cameFrom[last] { way.append(previous) }
        return way.reversed()
    }

    /// Whether a task comes before another one, through any number of needs.
    mutating func isUpstream(_ task: Int, of other: Int) -> Bool {
        if upstream[other].contains(task) { return true }
        round += 1
        var open = [other]
        while let index = open.popLast() {
            for need in upstream[index] where seenInRound[need] != round {
                if need == task { return true }
                seenInRound[need] = round
                open.append(need)
            }
        }
        return false
    }
}
