import Holdfast
import Yams

/// Turns libYAML's nodes into ours: resolves aliases (within bounds), merge keys, tags and scalars, and finds equal keys.
struct YAMLConverter {
    /// Maps and lists within each other.
    static let maximumDepth = 100
    /// Nodes of the document, those behind an alias counted each time.
    static let maximumNodes = 1_000_000

    private struct Anchored {
        let node: YAMLNode
        let nodes: Int
        let depth: Int
    }

    private let composer: YAMLComposer
    private var problems: ProblemList
    private var anchors: [String: Anchored] = [:]
    private var nodes = 0
    /// How deep the node at hand reaches, aliases included.
    private var deepest = 0
    private var isOverLimit = false

    init(_ composer: YAMLComposer, problems: ProblemList) {
        self.composer = composer
        self.problems = problems
    }

    /// Reads the document of a file; nil when it is empty or there is no use in looking at it further.
    static func read(_ source: SourceText, into problems: inout ProblemList) -> YAMLNode? {
        var composer = YAMLComposer(source)
        guard let document = composer.compose(into: &problems) else { return nil }
        return withExtendedLifetime(document.parser) {
            var converter = YAMLConverter(composer, problems: problems)
            let root = converter.convert(document.root, depth: 0)
            problems = converter.problems
            return converter.isOverLimit ? nil : root
        }
    }

    private mutating func convert(_ node: Node, depth: Int) -> YAMLNode {
        let position = node.mark.map(SourcePosition.init) ?? .start
        let nodesBefore = nodes
        let deepestBefore = deepest
        deepest = depth
        let converted = content(of: node, at: position, depth: depth)
        if let anchor = node.anchor, !isOverLimit {
            anchors[anchor.rawValue] = Anchored(node: converted, nodes: nodes - nodesBefore, depth: deepest - depth)
        }
        deepest = max(deepest, deepestBefore)
        return converted
    }

    private mutating func content(of node: Node, at position: SourcePosition, depth: Int) -> YAMLNode {
        count(1, depth: depth, at: position)
        guard !isOverLimit else { return YAMLNode(position: position, content: .list([])) }
        switch node {
        case .scalar(let scalar):
            return self.scalar(scalar, at: position, depth: depth)
        case .sequence(let sequence):
            check(sequence.tag, is: .seq, at: position)
            return YAMLNode(position: position, content: .list(sequence.map { convert($0, depth: depth + 1) }))
        case .mapping(let mapping):
            check(mapping.tag, is: .map, at: position)
            return YAMLNode(position: position, content: .map(entries(mapping, depth: depth + 1)))
        case .alias:
            // Hidden from libYAML, so none arrives.
            return YAMLNode(position: position, content: .list([]))
        }
    }

    private mutating func count(_ count: Int, depth: Int, at position: SourcePosition) {
        nodes += count
        deepest = max(deepest, depth)
        guard !isOverLimit else { return }
        if depth > Self.maximumDepth {
            isOverLimit = true
            problems.add(position, YAMLExplanation.tooDeep)
        } else if nodes > Self.maximumNodes {
            isOverLimit = true
            problems.add(
                position, "the document has more than \(Self.maximumNodes) values, aliases expanded; use fewer")
        }
    }

    // MARK: - Scalars

    private mutating func scalar(_ scalar: Node.Scalar, at position: SourcePosition, depth: Int) -> YAMLNode {
        let style = YAMLScalar.Style(scalar.style)
        if style == .plain, scalar.string.unicodeScalars.first == composer.aliasMark {
            return alias(String(scalar.string.unicodeScalars.dropFirst()), tag: scalar.tag, at: position, depth: depth)
        }
        let text = shown(scalar.string)
        let value = resolve(text, style: style, tag: scalar.tag.rawValue, at: position)
        return YAMLNode(position: position, content: .scalar(YAMLScalar(text: text, style: style, value: value)))
    }

    /// A text with its hidden `*` shown again.
    private func shown(_ text: String) -> String {
        guard text.unicodeScalars.contains(composer.aliasMark) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == composer.aliasMark ? "*" : $0 }))
    }

    private mutating func alias(_ name: String, tag: Tag, at position: SourcePosition, depth: Int) -> YAMLNode {
        let isAlone = name.utf8.allSatisfy(YAMLComposer.isAnchorCharacter) && tag.rawValue.isEmpty
        if isAlone, let anchored = anchors[name] {
            count(anchored.nodes, depth: depth + anchored.depth, at: position)
            return YAMLNode(position: position, content: anchored.node.content)
        }
        let text = quoted("*" + shown(name))
        problems.add(
            position,
            isAlone
                ? "alias \(text) has no anchor before it; write &\(name) at the value it stands for, or quote it"
                : "\(text) begins like a YAML alias; quote the text")
        return YAMLNode(position: position, content: .list([]))
    }

    private mutating func resolve(
        _ text: String, style: YAMLScalar.Style, tag: String, at position: SourcePosition
    ) -> YAMLScalar.Value {
        guard style == .plain || !tag.isEmpty && tag != Tag.Name.str.rawValue else { return .json(.string(text)) }
        let value = CoreSchema.resolve(text)
        switch tag {
        case "": return value
        case "!", Tag.Name.str.rawValue: return .json(.string(text))
        case Tag.Name.null.rawValue: if value == .json(.null) { return value }
        case Tag.Name.bool.rawValue: if case .json(.bool) = value { return value }
        case Tag.Name.int.rawValue: if case .json(.int) = value { return value }
        case Tag.Name.float.rawValue:
            if case .json(let json) = value, let double = json.doubleValue { return .json(.double(double)) }
        default: break
        }
        problems.add(position, "the tag \(quoted(tag)) does not fit \(quoted(text)); remove it")
        return .json(.string(text))
    }

    private mutating func check(_ tag: Tag, is expected: Tag.Name, at position: SourcePosition) {
        guard ![Tag.Name.implicit, .nonSpecific, expected].map(\.rawValue).contains(tag.rawValue) else { return }
        problems.add(position, "the tag \(quoted(tag.rawValue)) is not known here; remove it")
    }

    // MARK: - Maps

    private mutating func entries(_ mapping: Node.Mapping, depth: Int) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        var lines: [String: Int] = [:]
        var merged: [YAMLEntry] = []
        for (keyNode, valueNode) in mapping {
            let position = keyNode.mark.map(SourcePosition.init) ?? .start
            guard let key = key(keyNode, at: position) else { continue }
            let value = convert(valueNode, depth: depth)
            if let line = lines[key.text] {
                problems.add(
                    position, "duplicate key \(quoted(key.text)) (first on line \(line)); rename or remove one")
            } else if key.isMerge {
                merged += merge(value)
            } else {
                entries.append(YAMLEntry(key: key.text, position: position, value: value))
            }
            lines[key.text] = lines[key.text] ?? position.line
        }
        for entry in merged where lines[entry.key] == nil {
            lines[entry.key] = entry.position.line
            entries.append(entry)
        }
        return entries
    }

    private mutating func key(_ node: Node, at position: SourcePosition) -> (text: String, isMerge: Bool)? {
        guard case .scalar(let scalar) = node, scalar.string.unicodeScalars.first != composer.aliasMark else {
            let advice = node.isMapping ? "; quote a value that begins with {{" : ""
            problems.add(position, "a key must be a text, not a list, a map or an alias\(advice)")
            return nil
        }
        if let anchor = scalar.anchor {
            let content = YAMLScalar(
                text: shown(scalar.string), style: .quoted, value: .json(.string(shown(scalar.string))))
            let node = YAMLNode(position: position, content: .scalar(content))
            anchors[anchor.rawValue] = Anchored(node: node, nodes: 1, depth: 0)
        }
        let text = shown(composer.hiddenKeys[position] ?? scalar.string)
        return (text, text == "<<" && scalar.style == .plain)
    }

    /// The entries behind `<<`: of one map, or of a list of maps, of which earlier ones win.
    private mutating func merge(_ value: YAMLNode) -> [YAMLEntry] {
        switch value.content {
        case .map(let entries): return entries
        case .list(let items) where !items.isEmpty:
            return items.flatMap { item -> [YAMLEntry] in
                if case .map(let entries) = item.content { return entries }
                problems.add(item.position, "\"<<\" merges maps, not \(item.phrase); name an anchored map: <<: *name")
                return []
            }
        default:
            problems.add(value.position, "\"<<\" merges a map, not \(value.phrase); name an anchored map: <<: *name")
            return []
        }
    }
}

extension Node {
    fileprivate var isMapping: Bool { if case .mapping = self { true } else { false } }
}

extension YAMLScalar.Style {
    fileprivate init(_ style: Node.Scalar.Style) {
        self =
            switch style {
            case .any, .plain: .plain
            case .singleQuoted, .doubleQuoted: .quoted
            case .literal: .literal
            case .folded: .folded
            }
    }
}
