public import Holdfast

/// A text with `{{ … }}` in it, parsed once.
///
/// Braces that don't begin with one of our roots (`params xcom run task item`) are plain text, so that the formats of
/// other tools pass; only a root that is nearly spelled like one of ours is refused.
public struct Template: Sendable, Hashable {
    public enum Segment: Sendable, Hashable {
        case text(String)
        case reference(TemplateReference)
    }

    public let segments: [Segment]

    init(segments: [Segment]) { self.segments = segments }

    /// - Throws: `TemplateError.invalid`, the first mistake.
    public init(parsing text: String, names: TemplateNames) throws(TemplateError) {
        let scan = Scan(text, names: names)
        if let error = scan.errors.first { throw error }
        segments = scan.segments
    }

    /// A text taken apart as far as it goes, with every mistake.
    struct Scan {
        private(set) var segments: [Segment] = []
        /// Where the braces of each reference open.
        private(set) var places: [(reference: TemplateReference, start: String.Index)] = []
        private(set) var errors: [TemplateError] = []

        /// - Parameter isStrict: whether all braces with a word in them are templates.
        init(_ text: String, names: TemplateNames, isStrict: Bool = false) {
            var plainStart = text.startIndex
            var index = text.startIndex
            while let start = text.openingBraces(from: index) {
                index = text.utf8.index(start, offsetBy: 2)
                let root = ReferenceParser.root(in: text, at: start)
                guard isStrict && !root.isEmpty || Template.isOurs(root, in: text) else { continue }
                do throws(TemplateError) {
                    var parser = ReferenceParser(text, at: start)
                    let raw = try parser.parse()
                    let reference = try TemplateReference(raw, in: text, names: names)
                    if plainStart < start { segments.append(.text(String(text[plainStart..<start]))) }
                    segments.append(.reference(reference))
                    places.append((reference, start))
                    plainStart = raw.end
                    index = raw.end
                } catch {
                    errors.append(error)
                }
            }
            if plainStart < text.endIndex { segments.append(.text(String(text[plainStart...]))) }
        }
    }

    private static func isOurs(_ root: Substring, in text: String) -> Bool {
        guard !TemplateReference.roots.contains(String(root)) else { return true }
        return text[root.endIndex...].hasPrefix(".")
            && Spelling.nearest(to: String(root), in: TemplateReference.roots, slips: 1) != nil
    }

    public var references: [TemplateReference] {
        segments.compactMap { if case .reference(let reference) = $0 { reference } else { nil } }
    }

    /// The reference, when the text is nothing else than one, but for space around it.
    public var lone: TemplateReference? {
        let isOnlySpace = segments.allSatisfy { segment in
            if case .text(let text) = segment { text.allSatisfy(\.isWhitespace) } else { true }
        }
        return isOnlySpace && references.count == 1 ? references[0] : nil
    }

    /// The text: strings are put in raw, everything else as JSON.
    /// - Throws: `missing`, or `notLoaded` with all that the text needs.
    public func render(in context: TemplateContext) throws(TemplateError) -> String {
        var text = ""
        var absent: [XComReference] = []
        for segment in segments {
            switch segment {
            case .text(let plain): text += plain
            case .reference(let reference):
                do {
                    text += try reference.value(in: context).rawText
                } catch .notLoaded(let references) {
                    absent += references
                }
            }
        }
        guard absent.isEmpty else { throw .notLoaded(absent) }
        return text
    }

    /// The value itself when the text is a lone reference, else the rendered text.
    public func value(in context: TemplateContext) throws(TemplateError) -> JSONValue {
        if let lone { return try lone.value(in: context) }
        return .string(try render(in: context))
    }

    /// The items of a `foreach`.
    /// - Throws: `notAList` besides what `value` throws.
    public func items(in context: TemplateContext) throws(TemplateError) -> [JSONValue] {
        let value = try value(in: context)
        guard case .array(let items) = value else {
            throw .notAList(path: lone?.text ?? "…", found: value.kindPhrase)
        }
        return items
    }
}
