import Glibc
import SystemPackage

/// The names in a folder, as bytes. swift-system has no way to list one, and Foundation loses names that are not UTF-8.
enum FolderListing {
    /// Sorted by their bytes; `.` and `..` left out.
    static func names(in path: String) throws(Errno) -> [[UInt8]] {
        guard let folder = opendir(path) else { throw Errno(rawValue: errno) }
        defer { closedir(folder) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(folder) else {
                guard errno == 0 else { throw Errno(rawValue: errno) }
                return names.sorted { $0.lexicographicallyPrecedes($1) }
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != Array(".".utf8) && name != Array("..".utf8) { names.append(name) }
        }
    }
}
