/*
 * words.c - lists; codes are those of ReportStream's schema primedatainput/pdi-covid-19.
 */

#include "words.h"

#include "common/splitmix.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define LIST(...)                                                                              \
    {                                                                                          \
        (const char *const[]){__VA_ARGS__}, COUNT_OF(((const char *const[]){__VA_ARGS__}))     \
    }

const struct word_list word_lists[WORDS_COUNT] = {
    [WORDS_LAST_NAME] = LIST(
        "Smith", "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis",
        "Martinez", "Hernandez", "Lopez", "Gonzalez", "Wilson", "Anderson", "Thomas", "Taylor",
        "Moore", "Jackson", "Martin", "Lee", "Thompson", "White", "Harris", "Clark", "Lewis",
        "Robinson", "Walker", "Young", "Allen", "King", "Wright", "Scott", "Hill", "Green",
        "Adams", "Nelson", "Baker", "Hall", "Campbell", "Mitchell", "O'Brien", "O'Neill",
        "Van der Berg", "Smith-Jones", "Begay", "Tsosie", "Nguyen", "Patel", "Kim", "Nuñez",
        "Muñoz", "Gößmann", "Łukaszewski", "Nguyễn", "Ōshiro", "Kealiʻi", "Иванова", "陳"),
    [WORDS_FIRST_NAME] = LIST(
        "James", "Mary", "Robert", "Patricia", "John", "Jennifer", "Michael", "Linda", "David",
        "Elizabeth", "William", "Barbara", "Richard", "Susan", "Joseph", "Jessica", "Thomas",
        "Sarah", "Carlos", "Karen", "Daniel", "Lisa", "Matthew", "Nancy", "Anthony", "Betty",
        "Mark", "Sandra", "Amari", "Ashley", "Steven", "Kimberly", "Andrew", "Emily", "Paul",
        "Donna", "Joshua", "Michelle", "Kenneth", "Carol", "Kevin", "Amanda", "Mary Ann",
        "D'Angelo", "Jean-Luc", "José", "Zoë", "Renée", "Søren", "Þóra", "Robert \"Bob\"",
        "小明"),
    [WORDS_SUFFIX] = LIST("", "", "", "", "", "", "", "", "", "", "", "", "Jr.", "Sr.", "II",
                          "III"),
    [WORDS_TRIBE] = LIST("", "", "", "", "", "", "", "", "", "", "", "27", "39", "155", "267",
                         "338"),
    [WORDS_RACE] = LIST("2106-3", "2106-3", "2106-3", "2106-3", "2054-5", "2054-5", "2028-9",
                        "2131-1", "1002-5", "2076-8", "UNK", "ASKU"),
    [WORDS_GENDER] = LIST("F", "F", "F", "F", "F", "F", "M", "M", "M", "M", "M", "M", "O", "A",
                          "U", "N"),
    [WORDS_ETHNICITY] = LIST("N", "N", "N", "N", "H", "U"),
    [WORDS_LANGUAGE] = LIST("English", "English", "English", "English", "English", "English",
                            "English", "English", "Spanish; Castilian", "Spanish; Castilian",
                            "Chinese", "Vietnamese", "Tagalog", "Korean",
                            "Haitian; Haitian Creole", "Navajo; Navaho", ""),
    [WORDS_STREET] = LIST("Main Street", "Maple Avenue", "Oak Lane", "2nd St", "W 3rd St",
                          "Washington Blvd", "Martin Luther King Jr Blvd", "Cedar Court",
                          "Park Place", "Highway 61 N", "Sunset Drive", "River Road",
                          "O'Farrell St", "St. Mary's Road", "Peña Boulevard", "Lincoln Way",
                          "Elm Terrace", "Broadway", "Church Street", "County Road 12",
                          "Old Mill Pike", "Avenida César Chávez"),
    [WORDS_STREET_2] = LIST("", "", "", "", "", "", "", "", "", "", "", "", "Floor 4",
                            "Suite 200", "Unit 7", "# 12", "Bldg 3, Floor 2", "Unit \"C\"",
                            "Lot 5\\6"),
    [WORDS_COUNTRY] = LIST("USA"),
    [WORDS_ROLE] = LIST("STUDENT", "STAFF", "RESIDENT", "VISITOR", "UNKNOWN", ""),
    [WORDS_PROCESSING] = LIST("P"),
    [WORDS_YES_NO] = LIST("N", "N", "N", "N", "Y", "UNK"),
    [WORDS_RESULT] = LIST("260415000", "260415000", "260415000", "260415000", "260415000",
                          "260415000", "260415000", "260415000", "260373001", "260373001",
                          "260373001", "419984006", "455371000124106"),
    [WORDS_CORRECTION] = LIST("Wrong patient, corrected", "Result entered in error",
                              "Specimen labels had been \"swapped\"",
                              "Repeated after a failed control"),
    [WORDS_LAB] = LIST("Any lab USA", "Cedar Ridge Laboratory", "Prairie Diagnostics, Inc.",
                       "St. Mary's Hospital Lab", "Blue Mesa Clinical Laboratory",
                       "Tidewater Pathology, PLLC", "Lakeshore Public Health Lab",
                       "North Star Testing", "Laboratorio Clínico Bayamón",
                       "Copper Valley Labs", "Evergreen Molecular",
                       "Summit Pathology Associates"),
    [WORDS_FACILITY] =
        LIST("Any facility USA", "Riverside Elementary School", "Oak Hill Nursing Home",
             "Eastgate Urgent Care", "St. Luke's Clinic", "Main Street Pharmacy #114",
             "County Health Department", "Greenfield Community College", "Camp \"Tall Pines\"",
             "Harbor Shelter", "Smith, Patel & Lee Family Practice", "Clínica del Pueblo"),
    [WORDS_ORGANIZATION] = LIST("Unified School District 12", "Sunrise Senior Living, LLC",
                                "Community Health Partners", "Good Neighbor Pharmacies, Inc.",
                                "State Department of Health", "Valley Care Network"),
    [WORDS_SITE_OF_CARE] = LIST("hospital", "urgent_care", "nursing_home", "assisted_living",
                                "k12", "university", "camp", "shelter", "employer",
                                "treatment_center", "pharmacy", "public_health",
                                "correctional_facility", "other"),
};

const struct place places[] = {
    {"Anchorage", "AK", "99501", "Anchorage", "907", "-0900", "02"},
    {"Birmingham", "AL", "35203", "Jefferson", "205", "-0600", "01"},
    {"Little Rock", "AR", "72201", "Pulaski", "501", "-0600", "04"},
    {"Tuba City", "AZ", "86045", "Coconino", "928", "-0700", "03"},
    {"Tucson", "AZ", "85701", "Pima", "520", "-0700", "03"},
    {"Fresno", "CA", "93721", "Fresno", "559", "-0800", "05"},
    {"San José", "CA", "95113", "Santa Clara", "408", "-0800", "05"},
    {"Cañon City", "CO", "81212", "Fremont", "719", "-0700", "06"},
    {"Loveland", "CO", "80537", "Larimer", "970", "-0700", "06"},
    {"Hartford", "CT", "06103", "Hartford", "860", "-0500", "07"},
    {"Tampa", "FL", "33602", "Hillsborough", "813", "-0500", "10"},
    {"Savannah", "GA", "31401", "Chatham", "912", "-0500", "11"},
    {"Hilo", "HI", "96720", "Hawaii", "808", "-1000", "12"},
    {"Coeur d'Alene", "ID", "83814", "Kootenai", "208", "-0800", "13"},
    {"Peoria", "IL", "61602", "Peoria", "309", "-0600", "14"},
    {"Fort Wayne", "IN", "46802", "Allen", "260", "-0500", "15"},
    {"Wichita", "KS", "67202", "Sedgwick", "316", "-0600", "17"},
    {"Baton Rouge", "LA", "70801", "East Baton Rouge", "225", "-0600", "19"},
    {"Worcester", "MA", "01608", "Worcester", "508", "-0500", "22"},
    {"Frederick", "MD", "21701", "Frederick", "301", "-0500", "21"},
    {"Sault Ste. Marie", "MI", "49783", "Chippewa", "906", "-0500", "23"},
    {"Duluth", "MN", "55802", "St. Louis", "218", "-0600", "24"},
    {"Billings", "MT", "59101", "Yellowstone", "406", "-0700", "27"},
    {"Asheville", "NC", "28801", "Buncombe", "828", "-0500", "34"},
    {"Española", "NM", "87532", "Rio Arriba", "505", "-0700", "32"},
    {"Buffalo", "NY", "14202", "Erie", "716", "-0500", "33"},
    {"Winston", "OR", "97496", "Douglas", "541", "-0800", "38"},
    {"Houston", "TX", "77002", "Harris", "713", "-0600", "45"},
    {"Vermillion", "SD", "57069", "Clay", "605", "-0600", "43"},
    {"Yakima", "WA", "98901", "Yakima", "509", "-0800", "50"},
};
const uint32_t place_count = COUNT_OF(places);

const struct device devices[] = {
    {{"94558-4", "BD Veritor System for Rapid Detection of SARS-CoV-2",
      "BD Veritor System for Rapid Detection of SARS-CoV-2_Becton, Dickinson and Company (BD)",
      "BD Veritor Plus Analyzer_Becton, Dickinson and Company (BD)"}},
    {{"95209-3", "LumiraDx SARS-CoV-2 Ag Test", "LumiraDx SARS-CoV-2 Ag Test_LumiraDx UK Ltd.",
      "LumiraDx Platform_LumiraDx"}},
    {{"94558-4", "BinaxNOW COVID-19 Ag Card",
      "BinaxNOW COVID-19 Ag Card_Abbott Diagnostics Scarborough, Inc.", ""}},
    {{"95209-3", "Sofia SARS Antigen FIA", "Sofia SARS Antigen FIA_Quidel Corporation",
      "Sofia 2_Quidel Corporation"}},
    {{"94534-5", "ID NOW COVID-19", "ID NOW COVID-19_Abbott Diagnostics Scarborough, Inc.",
      "ID NOW_Abbott"}},
    {{"95406-5", "3EO Health COVID-19 Test", "3EO Health COVID-19 Test_3EO Health, Inc.",
      "The 3EO Cube_3EO Health, Inc."}},
};
const uint32_t device_count = COUNT_OF(devices);

const struct specimen specimens[] = {
    {{"258500001", "71836000"}}, {{"445297001", "45206002"}}, {{"697989009", "53342003"}},
    {{"871810001", "45206002"}}, {{"258529004", "31389004"}}, {{"119342007", "123851003"}},
};
const uint32_t specimen_count = COUNT_OF(specimens);

const char *words_draw(enum words words, struct splitmix *source)
{
    const struct word_list *list = &word_lists[words];
    return list->items[splitmix_below(source, list->count)];
}
