import Holdfast

/// The keys of one map of the file.
struct Fields {
    /// Where to say that something is missing.
    let position: SourcePosition
    let entries: [String: YAMLEntry]

    /// Nil when the key is absent or has no value, which is the same.
    func node(_ key: String) -> YAMLNode? {
        guard let node = entries[key]?.value, !node.isNull else { return nil }
        return node
    }
}

extension PipelineReader {
    /// The keys of a map, unknown ones refused; nil when the node is no map.
    mutating func fields(_ node: YAMLNode, at position: SourcePosition, of what: String, known: [String]) -> Fields? {
        guard case .map(let entries) = node.content else {
            problems.add(
                node.position, "\(what) is \(node.phrase); it must be a map of \(known.joined(separator: ", "))")
            return nil
        }
        for entry in entries where !known.contains(entry.key) { refuse(entry, of: what, known: known) }
        return Fields(
            position: position,
            entries: Dictionary(entries.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first }))
    }

    private mutating func refuse(_ entry: YAMLEntry, of what: String, known: [String]) {
        let meant = Self.otherNames[entry.key].flatMap { known.contains($0) ? $0 : nil }
        let advice =
            (meant ?? Spelling.nearest(to: entry.key, in: known)).map { "did you mean \(quoted($0))?" }
            ?? "\(what) may have \(known.joined(separator: ", "))"
        problems.add(entry.position, "unknown key \(quoted(entry.key)); \(advice)")
    }

    /// What other tools call the same.
    private static let otherNames = [
        "id": "name", "dag": "name", "parameters": "params", "inputs": "params", "environment": "env", "vars": "env",
        "cwd": "working_dir", "workdir": "working_dir", "dir": "working_dir", "concurrency": "max_parallel",
        "parallelism": "max_parallel", "steps": "tasks", "jobs": "tasks", "depends": "needs", "depends_on": "needs",
        "dependencies": "needs", "requires": "needs", "after": "needs", "script": "run", "shell": "run",
        "cmd": "command",
        "args": "command", "argv": "command", "if": "when", "condition": "when", "matrix": "foreach",
        "for_each": "foreach",
        "with_items": "foreach", "retry": "retries", "max_retries": "retries", "backoff": "retry_backoff",
        "delay": "retry_delay", "trigger_rule": "trigger", "continue_on_error": "allow_failure",
        "ignore_errors": "allow_failure",
    ]

    /// A text; numbers and booleans count as what is written.
    mutating func text(_ fields: Fields, _ key: String) -> Located<YAMLScalar>? {
        guard let node = fields.node(key) else { return nil }
        guard case .scalar(let scalar) = node.content else {
            problems.add(node.position, "\"\(key)\" is \(node.phrase); it must be a text")
            return nil
        }
        return Located(value: scalar, position: node.position)
    }

    mutating func texts(_ fields: Fields, _ key: String, example: String) -> [Located<YAMLScalar>] {
        guard let node = fields.node(key) else { return [] }
        guard case .list(let items) = node.content else {
            problems.add(node.position, "\"\(key)\" is \(node.phrase); it must be a list like \(example)")
            return []
        }
        return items.compactMap { item in
            guard case .scalar(let scalar) = item.content, !item.isNull else {
                problems.add(
                    item.position, "\"\(key)\" holds \(item.phrase); it must be a list of texts like \(example)")
                return nil
            }
            return Located(value: scalar, position: item.position)
        }
    }

    mutating func map(_ fields: Fields, _ key: String, of example: String) -> [YAMLEntry] {
        guard let node = fields.node(key) else { return [] }
        guard case .map(let entries) = node.content else {
            problems.add(node.position, "\"\(key)\" is \(node.phrase); it must be a map like \(example)")
            return []
        }
        return entries
    }

    mutating func integer(_ fields: Fields, _ key: String, from minimum: Int) -> Int? {
        guard let node = fields.node(key) else { return nil }
        guard case .scalar(let scalar) = node.content, case .json(.int(let number)) = scalar.value,
            number >= minimum, number <= Int32.max
        else {
            problems.add(node.position, "\"\(key)\" is \(node.phrase); it must be a whole number, \(minimum) or more")
            return nil
        }
        return Int(number)
    }

    mutating func boolean(_ fields: Fields, _ key: String) -> Bool? {
        guard let node = fields.node(key) else { return nil }
        guard case .scalar(let scalar) = node.content, case .json(.bool(let flag)) = scalar.value else {
            problems.add(node.position, "\"\(key)\" is \(node.phrase); it must be true or false")
            return nil
        }
        return flag
    }

    mutating func duration(_ fields: Fields, _ key: String, allowsZero: Bool) -> Duration? {
        guard let node = fields.node(key) else { return nil }
        guard case .scalar(let scalar) = node.content, let duration = Duration(pipelineText: scalar.text) else {
            problems.add(node.position, "\"\(key)\" is \(node.phrase); \(Self.durationAdvice(node))")
            return nil
        }
        if duration == .zero, !allowsZero {
            problems.add(
                node.position, "\"\(key)\" is \(scalar.text); it must be more than 0 (leave it out for no limit)")
            return nil
        }
        return duration
    }

    private static func durationAdvice(_ node: YAMLNode) -> String {
        let rule = "a duration is a whole number and a unit, like 250ms, 10s, 5m, 2h or 1d, at most 36500d"
        guard case .scalar(let scalar) = node.content, case .json(.int(let number)) = scalar.value, number >= 0 else {
            return rule
        }
        return "a unit is missing: write \(number)s for seconds"
    }

    /// A value that becomes a parameter or an item.
    mutating func json(_ node: YAMLNode, _ what: String, texts: inout [Located<YAMLScalar>]) -> JSONValue {
        switch node.content {
        case .list(let items):
            return .array(items.map { json($0, what, texts: &texts) })
        case .map(let entries):
            return .object(
                Dictionary(
                    entries.map { ($0.key, json($0.value, what, texts: &texts)) },
                    uniquingKeysWith: { first, _ in first }))
        case .scalar(let scalar):
            guard case .json(let value) = scalar.value else {
                problems.add(node.position, "\(what) holds \(scalar.text), a number that JSON can't hold; quote it")
                return .null
            }
            if case .string = value { texts.append(Located(value: scalar, position: node.position)) }
            return value
        }
    }

    mutating func refuseNUL(_ text: Located<YAMLScalar>, _ what: String) {
        guard text.value.text.utf8.contains(0) else { return }
        problems.add(text.position, "\(what) holds a NUL character, which no program can be given; remove it")
    }
}
