import Holdfast

/// Reads the members of a foreign record. Absent and null are the same; another type than expected is a refusal that names
/// the member and its place.
struct Fields {
    let members: [String: JSONValue]
    let path: [JSONStep]

    init(_ json: JSONValue, at path: [JSONStep] = []) throws(Refusal) {
        guard case .object(let members) = json else {
            throw Refusal("\(path.isEmpty ? "the record" : path.text) is no object", at: path)
        }
        self.members = members
        self.path = path
    }

    /// The main record of a run or process.
    /// - Throws: also when one of its members has the name of a section that stands beside it in the whole document.
    init(record json: JSONValue, of format: RecordFormat, at path: [JSONStep] = []) throws(Refusal) {
        self = try Fields(json, at: path)
        guard let taken = format.sections.sorted().first(where: { members[$0] != nil }) else { return }
        throw refusal(taken, "has a name that can't be kept")
    }

    func refusal(_ name: String, _ problem: String) -> Refusal {
        let place = path + [.member(name)]
        return Refusal("\(place.text) \(problem)", at: members[name] == nil ? path : place)
    }

    private func member<Value>(
        _ name: String, _ type: StaticString, _ convert: (JSONValue) -> Value?
    ) throws(Refusal) -> Value? {
        guard let json = members[name], !json.isNull else { return nil }
        guard let value = convert(json) else { throw refusal(name, "is no \(type)") }
        return value
    }

    func required<Value>(
        _ name: String, _ read: (String) throws(Refusal) -> Value?
    ) throws(Refusal) -> Value {
        guard let value = try read(name) else { throw refusal(name, "is missing") }
        return value
    }

    func text(_ name: String) throws(Refusal) -> String? { try member(name, "string", \.stringValue) }

    /// A text that names something: neither empty nor with control characters.
    func name(_ name: String) throws(Refusal) -> String? {
        guard let text = try text(name) else { return nil }
        if let problem = ForeignID.problem(with: text) { throw refusal(name, problem) }
        return text
    }

    func object(_ name: String) throws(Refusal) -> [String: JSONValue]? { try member(name, "object", \.objectValue) }
    func array(_ name: String) throws(Refusal) -> [JSONValue]? { try member(name, "array", \.arrayValue) }
    func bool(_ name: String) throws(Refusal) -> Bool? { try member(name, "boolean", \.boolValue) }
    func number(_ name: String) throws(Refusal) -> Double? { try member(name, "number", \.doubleValue) }

    /// A whole number within what makes sense for it.
    func count(_ name: String, in range: ClosedRange<Int64> = 0...1_000_000) throws(Refusal) -> Int? {
        guard let value = try member(name, "whole number", \.intValue) else { return nil }
        guard range.contains(value) else {
            throw refusal(name, "is \(value), not within \(range.lowerBound) to \(range.upperBound)")
        }
        return Int(value)
    }

    func texts(_ name: String) throws(Refusal) -> [String]? {
        guard let elements = try array(name) else { return nil }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            let place = path + [.member(name), .element(index)]
            guard let text = element.stringValue else { throw Refusal("\(place.text) is no string", at: place) }
            texts.append(text)
        }
        return texts
    }

    /// The elements of an array, each an object.
    func objects(_ name: String) throws(Refusal) -> [Fields] {
        var objects: [Fields] = []
        for (index, element) in (try array(name) ?? []).enumerated() {
            objects.append(try Fields(element, at: path + [.member(name), .element(index)]))
        }
        return objects
    }

    /// One of the names that a format knows, as ours.
    func state<State>(_ name: String, _ known: [String: State]) throws(Refusal) -> State? {
        guard let text = try text(name) else { return nil }
        guard let state = known[text] else { throw refusal(name, "is \(quoted(text)), which is no known state") }
        return state
    }

    func time(_ name: String, _ times: SourceTimes) throws(Refusal) -> Timestamp? {
        guard let text = try text(name) else { return nil }
        switch times.read(text) {
        case .moment(let time): return time
        case .unset: return nil
        case .invalid: throw refusal(name, "is \(quoted(text)), which is no ISO 8601 time")
        }
    }
}
