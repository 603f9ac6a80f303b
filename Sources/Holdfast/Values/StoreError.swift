/// What went wrong in a store: the one error type of its contract.
public struct StoreError: Error, Sendable {
    /// An open set of codes; `code.rawValue` is what programs see.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public var description: String { rawValue }

        /// There is no such run, record, blob or history.
        public static let notFound = Code(rawValue: "not_found")
        /// Something of this id is there already.
        public static let alreadyExists = Code(rawValue: "already_exists")
        /// The fold refuses the event in the state it meets.
        public static let illegalTransition = Code(rawValue: "illegal_transition")
        /// A stated condition (state, sequence, version) did not hold; nothing was written.
        public static let conflict = Code(rawValue: "conflict")
        /// The token is not the highest issued for the history: somebody else took it over.
        public static let leaseLost = Code(rawValue: "lease_lost")
        /// A live worker holds the history.
        public static let leaseHeld = Code(rawValue: "lease_held")
        /// The input breaks a rule; the detail says which and how to mend it.
        public static let invalid = Code(rawValue: "invalid")
        /// The input is over a stated limit.
        public static let tooLarge = Code(rawValue: "too_large")
        /// What is stored contradicts itself or is unreadable.
        public static let corrupt = Code(rawValue: "corrupt")
        /// The store can't answer now (locked, closed, no access, network); trying again may help.
        public static let unavailable = Code(rawValue: "unavailable")
        /// No space is left.
        public static let full = Code(rawValue: "full")
        /// The commit may or may not have happened; commit the same changeset again to learn which.
        public static let outcomeUnknown = Code(rawValue: "outcome_unknown")
        /// The store was written by a newer version.
        public static let newerFormat = Code(rawValue: "newer_format")
        /// The feed no longer reaches back to that position.
        public static let trimmed = Code(rawValue: "trimmed")
        /// A cursor that is malformed or belongs to another query.
        public static let invalidCursor = Code(rawValue: "invalid_cursor")
        /// Others still use it; the detail says who.
        public static let inUse = Code(rawValue: "in_use")
        /// The path holds something that is no Holdfast store.
        public static let notAStore = Code(rawValue: "not_a_store")
    }

    public let code: Code
    /// What it was about, for instance `run nightly-7`; never a payload or a secret.
    public let subject: String
    /// What to know or do about it; never a payload or a secret.
    public let detail: String?
    public let cause: (any Error)?

    public init(_ code: Code, subject: String, detail: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.subject = subject
        self.detail = detail
        self.cause = cause
    }
}

extension StoreError: CustomStringConvertible {
    /// One line that is safe to print: the cause stays out of it, as it may quote values.
    public var description: String {
        let phrase = Self.phrases[code] ?? code.rawValue
        return detail.map { "\(subject): \(phrase): \($0)" } ?? "\(subject): \(phrase)"
    }

    private static let phrases: [Code: String] = [
        .notFound: "not found", .alreadyExists: "exists already", .illegalTransition: "not possible in this state",
        .conflict: "changed meanwhile", .leaseLost: "the lease was lost to another worker",
        .leaseHeld: "a live worker holds it", .invalid: "invalid", .tooLarge: "too large", .corrupt: "damaged",
        .unavailable: "unavailable", .full: "no space left", .outcomeUnknown: "it is unknown whether this was written",
        .newerFormat: "written by a newer version", .trimmed: "no longer kept", .invalidCursor: "invalid cursor",
        .notAStore: "not a Holdfast store", .inUse: "in use",
    ]
}

/// Errors are equal when their code, subject and detail are; causes can't be compared.
extension StoreError: Hashable {
    public static func == (left: StoreError, right: StoreError) -> Bool {
        left.code == right.code && left.subject == right.subject && left.detail == right.detail
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(subject)
        hasher.combine(detail)
    }
}
