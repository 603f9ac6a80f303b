import HoldfastTesting

/// Ways to damage the files of a store.
struct Damaging {
    var files: [String: [UInt8]]
    /// Whether a file of another store is among them.
    private(set) var isMixed = false
    /// Whether nothing tells any more how much was published.
    private(set) var hasLostTail = false
    var random: SeededGenerator

    /// - Parameter files: by their paths.
    init(_ files: [String: [UInt8]], seed: UInt64) {
        self.files = files
        random = SeededGenerator(seed: seed)
    }

    /// What the journal is made of; its views and its tail, which is never trusted, are not.
    private var journal: [String] { files.keys.filter { $0.contains("/journal/") }.sorted() }

    var segments: [String] {
        journal.filter { $0.contains("/journal/0") }
    }

    /// One to three kinds of damage, at random.
    mutating func damage(_ others: [String: [UInt8]]) {
        if Int.random(in: 0..<4, using: &random) == 0 {
            hasLostTail = true
            files["/store/tail"] = nil
        }
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            guard let path = journal.randomElement(using: &random) else { return }
            switch Int.random(in: 0..<12, using: &random) {
            case 0, 1: truncate(path)
            case 2, 3, 4: flipBits(path)
            case 5: files[path] = []
            case 6: files[path] = nil
            case 7: swap(path)
            case 8: duplicate(path)
            case 9: repeatLine(path)
            case 10: blank(path)
            default: takeOver(path, from: others)
            }
        }
    }

    private mutating func index(in path: String) -> Int {
        Int.random(in: 0..<max(1, files[path]?.count ?? 0), using: &random)
    }

    private mutating func truncate(_ path: String) {
        let size = index(in: path)
        files[path] = files[path].map { Array($0.prefix(size)) }
    }

    private mutating func flipBits(_ path: String) {
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let index = index(in: path)
            guard let count = files[path]?.count, index < count else { return }
            let bit = UInt8.random(in: 0..<8, using: &random)
            files[path]?[index] ^= 1 << bit
        }
    }

    private mutating func swap(_ path: String) {
        guard let other = journal.randomElement(using: &random) else { return }
        let content = files[path]
        files[path] = files[other]
        files[other] = content
    }

    private mutating func duplicate(_ path: String) {
        guard let other = journal.randomElement(using: &random) else { return }
        files[path] = files[other]
    }

    /// A line once more, at another place.
    private mutating func repeatLine(_ path: String) {
        guard let content = files[path] else { return }
        var lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard let line = lines.randomElement(using: &random) else { return }
        let place = Int.random(in: 0...lines.count, using: &random)
        if Bool.random(using: &random), place < lines.count {
            lines[place] = line
        } else {
            lines.insert(line, at: place)
        }
        files[path] = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    }

    /// A stretch of zeros or newlines, as a file system may leave it.
    private mutating func blank(_ path: String) {
        let start = index(in: path)
        guard let count = files[path]?.count, start < count else { return }
        let end = min(count, start + Int.random(in: 1...600, using: &random))
        let byte = Bool.random(using: &random) ? 0 : UInt8(ascii: "\n")
        files[path]?.replaceSubrange(start..<end, with: repeatElement(byte, count: end - start))
    }

    /// The same file of another store. That of a history is bound to its id alone, not to its store, so it is left.
    private mutating func takeOver(_ path: String, from others: [String: [UInt8]]) {
        guard !path.contains("/histories/") else { return }
        isMixed = true
        if let other = others[path] { files[path] = other } else { files[path] = nil }
    }
}
