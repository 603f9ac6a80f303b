import Holdfast

extension TemplateReference {
    /// Gives a parsed path its meaning.
    /// - Throws: `invalid`, for a name that isn't known or a path that leads nowhere.
    init(_ raw: ReferenceParser.Raw, in source: String, names: TemplateNames) throws(TemplateError) {
        let resolver = ReferenceResolver(raw: raw, source: source, names: names)
        let (root, used) = try resolver.root()
        self.root = root
        path = raw.steps.dropFirst(used).map(\.step)
        text = raw.text
    }
}

extension ReferenceParser.Step {
    fileprivate var step: TemplateReference.Step {
        switch kind {
        case .name(let name), .quoted(let name): .member(name)
        case .index(let index): .index(index)
        }
    }

    fileprivate var name: String? {
        switch kind {
        case .name(let name), .quoted(let name): name
        case .index: nil
        }
    }
}

private struct ReferenceResolver {
    let raw: ReferenceParser.Raw
    let source: String
    let names: TemplateNames

    /// The root, and how many steps of the path it takes.
    func root() throws(TemplateError) -> (TemplateReference.Root, Int) {
        switch raw.root {
        case "params": return try param()
        case "xcom": return try xcom()
        case "run": return (try member(of: "run", ["id": .runID, "logical_date": .logicalDate]), raw.steps.count)
        case "task": return (try member(of: "task", ["try": .tryNumber]), raw.steps.count)
        case "item": return (.item, 0)
        default: throw unknownRoot()
        }
    }

    private func failure(_ reason: String, at place: String.Index? = nil) -> TemplateError {
        let offset = source.utf8.distance(from: source.startIndex, to: place ?? raw.rootStart)
        return .invalid(offset: offset, reason: reason)
    }

    private func unknownRoot() -> TemplateError {
        let advice =
            Spelling.nearest(to: raw.root, in: TemplateReference.roots).map { "did you mean \(quoted($0))?" }
            ?? "a template begins with params, xcom, run, task or item"
        return failure("unknown \(quoted(raw.root)) in {{ \(raw.text) }}; \(advice)")
    }

    private func param() throws(TemplateError) -> (TemplateReference.Root, Int) {
        guard !raw.steps.isEmpty else { throw failure("{{ params }} needs a name: {{ params.date }}") }
        guard let (name, used) = longestMatch(names.params) else {
            throw unknown("parameter", in: names.params, advice: "declare it under \"params\"")
        }
        return (.param(name), used)
    }

    private func xcom() throws(TemplateError) -> (TemplateReference.Root, Int) {
        guard !raw.steps.isEmpty else {
            throw failure("{{ xcom }} needs a task and a key: {{ xcom.extract.return_value }}")
        }
        guard let (name, used) = longestMatch(names.tasks, leaving: 1) ?? longestMatch(names.tasks) else {
            throw unknown("task", in: names.tasks, advice: "name a task of this file")
        }
        guard raw.steps.count > used, let key = raw.steps[used].name else {
            throw failure("{{ \(raw.text) }} needs a key: {{ xcom.\(name).return_value }}")
        }
        return (.xcom(XComReference(task: TaskID(unchecked: name), key: key)), used + 1)
    }

    private func member(
        of root: String, _ members: [String: TemplateReference.Root]
    ) throws(TemplateError) -> TemplateReference.Root {
        if raw.steps.count == 1, let name = raw.steps[0].name, let member = members[name] { return member }
        let known = members.keys.sorted().map { "{{ \(root).\($0) }}" }.joined(separator: " and ")
        throw failure("{{ \(raw.text) }} is not known; there is \(known)")
    }

    /// The longest known name that the path begins with, with so many steps left behind it: `a.b` before `a`. A quoted
    /// name is taken whole.
    private func longestMatch(_ known: Set<String>, leaving rest: Int = 0) -> (name: String, used: Int)? {
        if case .quoted(let name) = raw.steps[0].kind { return known.contains(name) ? (name, 1) : nil }
        var prefixes: [String] = []
        for step in raw.steps.dropLast(rest).prefix(64) {
            guard case .name(let name) = step.kind else { break }
            prefixes.append(prefixes.last.map { "\($0).\(name)" } ?? name)
        }
        guard let index = prefixes.lastIndex(where: known.contains) else { return nil }
        return (prefixes[index], index + 1)
    }

    private func unknown(_ noun: String, in known: Set<String>, advice: String) -> TemplateError {
        let name = raw.steps[0].name ?? raw.text
        let near = known.count > 1000 ? nil : Spelling.nearest(to: name, in: known)
        let hint = near.map { "did you mean \(quoted($0))?" } ?? advice
        return failure("{{ \(raw.text) }} names the unknown \(noun) \(quoted(name)); \(hint)", at: raw.steps[0].start)
    }
}
