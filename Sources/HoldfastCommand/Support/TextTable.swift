/// A table for people: columns as wide as they need, the flexible ones cut where the terminal is narrower.
struct TextTable {
    struct Column {
        var title: String
        var isRight = false
        /// May be cut down to its title's width, the last such column first.
        var isFlexible = false
    }

    struct Cell {
        var text: String
        var style: Style?

        init(_ text: String, _ style: Style? = nil) {
            self.text = text.printable
            self.style = style
        }
    }

    private let columns: [Column]
    private var rows: [[Cell]] = []

    init(_ columns: [Column]) { self.columns = columns }

    mutating func add(_ cells: Cell...) { rows.append(cells) }
    mutating func add(_ cells: [Cell]) { rows.append(cells) }

    func rendered(on terminal: Terminal, indent: Int = 0) -> String {
        let widths = widths(available: terminal.size.map { $0.columns - indent })
        let header = columns.map { Cell($0.title, .dim) }
        return ([header] + rows).map { line($0, widths, terminal, indent) + "\n" }.joined()
    }

    private func widths(available: Int?) -> [Int] {
        var widths = columns.indices.map { column in
            rows.reduce(columns[column].title.count) { max($0, $1[column].text.displayWidth) }
        }
        guard let available else { return widths }
        var excess = widths.reduce(0, +) + 2 * (widths.count - 1) - available
        for column in columns.indices.reversed() where columns[column].isFlexible && excess > 0 {
            let least = max(columns[column].title.count, 4)
            let cut = min(excess, max(0, widths[column] - least))
            widths[column] -= cut
            excess -= cut
        }
        return widths
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ terminal: Terminal, _ indent: Int) -> String {
        let last = cells.lastIndex { !$0.text.isEmpty } ?? 0
        let parts = cells.indices.prefix(last + 1).map { index in
            let text = cells[index].text.cut(to: widths[index])
            let filling = String(repeating: " ", count: max(0, widths[index] - text.displayWidth))
            let styled = terminal.styled(text, cells[index].style)
            if columns[index].isRight { return filling + styled }
            return index == last ? styled : styled + filling
        }
        return String(repeating: " ", count: indent) + parts.joined(separator: "  ")
    }
}
