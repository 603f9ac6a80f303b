/// The Unicode properties that patterns may name: general categories, and some that are yes or no.
enum UnicodeProperty {
    static func set(named name: String) -> ScalarSet? {
        let parts = name.split(separator: "=", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return binary(name) ?? category(name)
        case 2 where parts[0] == "gc" || parts[0] == "General_Category": return category(String(parts[1]))
        default: return nil
        }
    }

    private static func binary(_ name: String) -> ScalarSet? {
        switch name {
        case "Any": .all
        case "ASCII": ScalarSet([0...0x7F])
        case "Alphabetic", "Alpha": ScalarSet { $0.properties.isAlphabetic }
        case "Uppercase", "Upper": ScalarSet { $0.properties.isUppercase }
        case "Lowercase", "Lower": ScalarSet { $0.properties.isLowercase }
        case "White_Space", "space": ScalarSet { $0.properties.isWhitespace }
        case "ID_Start", "IDS": ScalarSet { $0.properties.isIDStart }
        case "ID_Continue", "IDC": ScalarSet { $0.properties.isIDContinue }
        case "Emoji": ScalarSet { $0.properties.isEmoji }
        case "Emoji_Presentation", "EPres": ScalarSet { $0.properties.isEmojiPresentation }
        default: nil
        }
    }

    private static func category(_ name: String) -> ScalarSet? {
        guard let short = shortNames[name] ?? (shortNames.values.contains(name) ? name : nil) else { return nil }
        let wanted = Set(categories.filter { $0.value.hasPrefix(short) || short == "LC" && isCased($0.value) }.keys)
        return ScalarSet { wanted.contains($0.properties.generalCategory) }
    }

    private static func isCased(_ short: String) -> Bool { ["Lu", "Ll", "Lt"].contains(short) }

    private static let categories: [Unicode.GeneralCategory: String] = [
        .uppercaseLetter: "Lu", .lowercaseLetter: "Ll", .titlecaseLetter: "Lt", .modifierLetter: "Lm",
        .otherLetter: "Lo", .nonspacingMark: "Mn", .spacingMark: "Mc", .enclosingMark: "Me", .decimalNumber: "Nd",
        .letterNumber: "Nl", .otherNumber: "No", .connectorPunctuation: "Pc", .dashPunctuation: "Pd",
        .openPunctuation: "Ps", .closePunctuation: "Pe", .initialPunctuation: "Pi", .finalPunctuation: "Pf",
        .otherPunctuation: "Po", .mathSymbol: "Sm", .currencySymbol: "Sc", .modifierSymbol: "Sk", .otherSymbol: "So",
        .spaceSeparator: "Zs", .lineSeparator: "Zl", .paragraphSeparator: "Zp", .control: "Cc", .format: "Cf",
        .surrogate: "Cs", .privateUse: "Co", .unassigned: "Cn",
    ]

    private static let shortNames = [
        "Letter": "L", "Cased_Letter": "LC", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll",
        "Titlecase_Letter": "Lt", "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Combining_Mark": "M",
        "Nonspacing_Mark": "Mn", "Spacing_Mark": "Mc", "Enclosing_Mark": "Me", "Number": "N", "Decimal_Number": "Nd",
        "digit": "Nd", "Letter_Number": "Nl", "Other_Number": "No", "Punctuation": "P", "punct": "P",
        "Connector_Punctuation": "Pc", "Dash_Punctuation": "Pd", "Open_Punctuation": "Ps", "Close_Punctuation": "Pe",
        "Initial_Punctuation": "Pi", "Final_Punctuation": "Pf", "Other_Punctuation": "Po", "Symbol": "S",
        "Math_Symbol": "Sm", "Currency_Symbol": "Sc", "Modifier_Symbol": "Sk", "Other_Symbol": "So", "Separator": "Z",
        "Space_Separator": "Zs", "Line_Separator": "Zl", "Paragraph_Separator": "Zp", "Other": "C", "Control": "Cc",
        "cntrl": "Cc", "Format": "Cf", "Surrogate": "Cs", "Private_Use": "Co", "Unassigned": "Cn",
    ]
}
